# SPDX-License-Identifier: ISC
"""Where reports shall go: what stands at _smtp._tls (RFC 8460, 3).

None of these has a policy; their mail is taken by the host of a good domain.
"""
import collector
from row import Domain, Host

MX = {"hosts": (), "mx": ((10, "mx.good.example"),), "mode": None}
URI = f"https://{collector.HOST}/v1/tlsrpt"
SECOND = f"https://second.{collector.ZONE}/"


def asking(name, story, *rua, to=()):
    """Reports on NAME are asked for at RUA; they may go to addresses and URIs
    in TO, {d} being the domain."""
    zone = f"{name}.example"
    return Domain(name, story, ours=None, **MX,
                  rua=tuple(one.format(d=zone) for one in rua),
                  reported=tuple(one.format(d=zone) for one in to))


def saying(name, story, *records, to=()):
    """The same; RECORDS as they stand in the zone."""
    zone = f"{name}.example"
    return Domain(name, story, ours=None, **MX,
                  tlsrpt=tuple(f'"{one.format(d=zone)}"' for one in records),
                  reported=tuple(one.format(d=zone) for one in to))


TLS = "mailto:tls@{d}"
ROWS = [
    Domain("collector", "collects reports", ours=None, mode=None, hosts=(),
           records="".join(f"{name}. A {v4}\n{name}. AAAA {v6}\n" for
                           name, (v4, v6) in collector.ADDRESSES.items())),
    asking("rua-mail", "nothing (reports by mail)", TLS, to=("tls@{d}",)),
    Domain("rua-no-tls", "no TLS, no policy, but reports are asked for",
           ours=None, mode=None, hosts=(Host(does="no-starttls"),),
           rua=("mailto:tls@rua-no-tls.example",),
           reported=("tls@rua-no-tls.example",)),
    asking("rua-https", "nothing (reports by HTTPS)", URI, to=(URI,)),
    asking("rua-self-signed", "the collector has no good certificate",
           f"https://self-signed.{collector.ZONE}/v1",
           to=(f"https://self-signed.{collector.ZONE}/v1",)),
    asking("rua-both", "nothing (two kinds)", TLS, URI, to=("tls@{d}", URI)),
    asking("rua-two-uris", "nothing (two collectors)", URI, SECOND,
           to=(URI, SECOND)),
    asking("rua-blanks", "nothing (blanks around the comma)",
           TLS + " , " + URI, to=("tls@{d}", URI)),
    asking("rua-third-party", "nothing (somebody else's address)",
           "mailto:tls@good.example", to=("tls@good.example",)),
    asking("rua-encoded", "nothing (%-encoded)",
           "mailto:tls%2Dreports@{d}", URI + "?a=%2C%21%3B",
           to=("tls-reports@{d}", URI + "?a=%2C%21%3B")),
    asking("rua-capitals", "nothing (capitals)",
           "MAILTO:tls@{d}", to=("tls@{d}",)),
    asking("rua-query", "a mailto that would have the report copied",
           TLS + "?subject=hi&bcc=tls@evil.example", to=("tls@{d}",)),
    asking("rua-mixed", "schemes nobody asked for beside one that is right",
           "http://good.collector.example/", "ftp://a.example/", "tls@{d}",
           TLS, to=("tls@{d}",)),
    asking("rua-http", "http only", "http://good.collector.example/"),
    asking("rua-no-scheme", "an address without mailto:", "tls@{d}"),
    asking("rua-two-lines", "line ends in an address",
           "mailto:tls%0D%0ABcc%3A%20tls@evil.example"),
    asking("rua-size", "a limit of size as DMARC has it",
           "mailto:tls@{d}!10m"),
    saying("rua-missing", "no rua", "v=TLSRPTv1"),
    saying("rua-field-capitals", "RUA in capitals",
           "v=TLSRPTv1; RUA=mailto:tls@{d}"),
    saying("rua-version", "another version", "v=TLSRPTv2; rua=mailto:tls@{d}"),
    saying("rua-two-records", "two records", "v=TLSRPTv1; rua=mailto:a@{d}",
           "v=TLSRPTv1; rua=mailto:tls@{d}"),
    saying("rua-extension", "nothing (a field more, another record)",
           "v=TLSRPTv1; x=1; rua=mailto:tls@{d};", "something else",
           to=("tls@{d}",)),
]
