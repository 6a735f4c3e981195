# SPDX-License-Identifier: ISC
"""MX records against the policy's patterns (RFC 8461, 4.1)."""
from row import (BAD_CERT, NO_MX, WAITS, Domain, Host, clear, deferred,
                 unverified, verified)

import net

TOO_LONG = "Failed to parse smarthost"
NAMELESS = "no MX record names a host"
HANDSHAKE = "TLS session: (gnutls_handshake)"


def inside(name, story, host="mx", **more):
    """Delivered to HOST as the policy wants it."""
    return Domain(name, story, ours=verified(f"{host}.{name}"),
                  **{"report": "success", **more})


def outside(name, story, **more):
    """No host that the policy permits: nobody is asked."""
    return Domain(name, story, ours=deferred(NO_MX), verdict="refuse",
                  **{"patterns": ("other",), **more})


def unusable(name, story, **more):
    """The policy permits the host; Exim cannot or will not connect to it."""
    return Domain(name, story, ours=deferred(NO_MX), smtpd=WAITS,
                  patterns=("mx",), **more)


def by_alias(name, story, ours, **more):
    """The MX name is in the policy, and an alias of "real"."""
    does = more.pop("does", "good")
    cert = more.pop("cert", "good")
    return Domain(name, story, ours=ours, patterns=("mx",), **more, hosts=(
        Host(alias="real", does=does, cert=cert),))


def odd(name, story, exchanger, patterns=("mx", "*"), **more):
    """An MX record that names no proper host."""
    return outside(name, story, hosts=(), mx=(), patterns=patterns,
                   records=f"@ MX 10 {exchanger}\n", **more)


TWELVE = tuple(f"h{number}" for number in range(1, 13))


HUNDRED = tuple((number, f"m{number}") for number in range(1, 101))

ROWS = [
    # Patterns.
    Domain("star", "nothing (policy names *.star)",
           plain=verified("mx.star"), ours=verified("mx.star"),
           report="success", patterns=("*",)),
    Domain("two-labels", "MX two labels below a policy's *.two-labels",
           plain=verified("mx.a.two-labels"), ours=deferred(NO_MX),
           verdict="refuse", hosts=(Host("mx.a"),), patterns=("*",)),
    Domain("outside", "only MX is not in the policy",
           plain=verified("mx.outside"), ours=deferred(NO_MX),
           verdict="refuse", patterns=("other",),
           query="mx.outside.example is not other.outside.example"),
    outside("star-of-itself", "policy names what is below the MX",
            patterns=("*.mx",)),
    outside("star-above", "policy names *.example, not what is below",
            patterns=("*." + net.TLD,)),
    outside("suffix", "MX name that only ends like the policy's",
            hosts=(Host("notmx"),), patterns=("mx",)),
    outside("domain-listed", "policy names the domain itself",
            patterns=("@",)),
    Domain("star-elsewhere", "nothing (provider's hosts by wildcard)",
           ours=verified("mx.good"), hosts=(), report="success",
           mx=((10, "mx.good.example"),), patterns=("*.good.example",)),
    outside("star-wrong", "wildcard of a sibling",
            patterns=("*.good.example",)),
    inside("capitals-mx", "MX name in capitals", mx=((10, "MX"),),
           patterns=("mx",)),
    inside("capitals-policy", "policy in capitals", patterns=("MX",)),
    inside("capitals-star", "wildcard in capitals", mx=((10, "mX"),),
           patterns=("*.CAPITALS-STAR.example",)),

    # Several hosts.
    Domain("first-outside", "best MX is not in the policy, the next is",
           plain=verified("mx1.first-outside"),
           ours=verified("mx2.first-outside"), verdict="refuse",
           hosts=(Host("mx1"), Host("mx2")), patterns=("mx2",)),
    inside("first-bad", "best MX has another's certificate, the next is good",
           "mx2", hosts=(Host("mx1", cert="wrong-name"), Host("mx2")),
           report=None),
    inside("first-down", "best MX is down", "mx2", hosts=(
        Host("mx1", does="down"), Host("mx2"))),
    inside("extremes", "preferences 0 and 65535", "b", verdict="refuse",
           hosts=(Host("a"), Host("b")), mx=((65535, "b"), (0, "a")),
           patterns=("b",)),
    inside("same-preference", "one of two equal hosts is not in the policy",
           "b", hosts=(Host("a"), Host("b")), mx=((10, "b"), (10, "a")),
           patterns=("b",), verdict="refuse"),
    inside("twice", "the same host twice", mx=((10, "mx"), (20, "mx"))),
    inside("twelve", "only the seventh of twelve is in the policy", "h7",
           hosts=tuple(Host(name) for name in TWELVE), patterns=("h7",),
           verdict="refuse"),
    inside("twelfth", "eleven hosts of twelve fail in the handshake", "h12",
           report=None, hosts=tuple(
               Host(name, families="4", does="close-handshake")
               for name in TWELVE[:11]) + (Host("h12"),)),
    inside("hundred", "a hundred hosts, all permitted", "*", mx=HUNDRED,
           hosts=(Host("*", cert="below-domain"),), patterns=("*",)),
    inside("hundredth", "only the last of a hundred hosts is permitted",
           "m100", mx=HUNDRED, hosts=(Host("m100"),), patterns=("m100",),
           records=f"* A {net.DEAD[0]}\n", verdict="refuse",
           smtpd=deferred(NO_MX)),  # one of more than we keep

    # Addresses.
    inside("ipv4-only", "no IPv6 at all", hosts=(Host(families="4"),)),
    inside("address-dead", "one address more, refused",
           hosts=(Host(more=net.DEAD),)),
    inside("address-silent", "one address more, silent", hurry=1200,
           hosts=(Host(more=net.SILENT),)),
    unusable("loopback", "host of the policy at a loopback address",
            hosts=(Host(only=("127.0.0.1", "::1")),)),
    unusable("private", "host of the policy at a private address",
            hosts=(Host(only=("10.0.0.1",)),)),
    unusable("no-address", "host of the policy without an address",
            hosts=(Host(only=()),)),

    # No MX record, or not of a host.
    Domain("implicit", "no MX record, and the domain in the policy",
           ours=verified("implicit"), report="success", hosts=(Host("@"),),
           mx=(), patterns=("@",)),
    outside("implicit-outside", "no MX record, the domain not in the policy",
            hosts=(Host("@"),), mx=(), patterns=("mx",)),
    outside("nowhere", "no MX record and no address", hosts=(), mx=(),
            patterns=("mx",)),
    odd("null-mx", "null MX", ".", query="null MX"),
    inside("null-beside", "null MX beside an MX", records="@ MX 0 .\n"),
    odd("quad", "MX record of an address", "5.75.65.1.",
        query=NAMELESS),
    odd("literal", "MX record of an address in brackets", "[5.75.65.1].",
        query=NAMELESS),
    odd("localhost", "MX record of localhost", "localhost."),
    odd("blank", "blank in the MX name", "m\\032x"),
    odd("escaped-dot", "dot within a label of the MX name", "m\\.x"),
    odd("escaped-name", "MX name that is one label but reads like two",
        "mx\\.escaped-name"),
    odd("control", "newline and NUL in the MX name", "m\\010\\000x"),
    inside("underscore", "underscore in the MX name", "m_x",
           hosts=(Host("m_x"),), patterns=("*",), query=NAMELESS,
           smtpd=deferred(NO_MX)),

    # Aliases.
    Domain("alias", "foreign MX name, a CNAME of the host in the policy",
           plain=unverified("mx.good"), ours=deferred(NO_MX),
           verdict="refuse", hosts=(), mx=((10, "foreign"),),
           records="foreign CNAME mx.good.example.\n",
           patterns=("mx.good.example",)),
    by_alias("alias-own", "MX name in the policy is an alias",
             verified("mx.alias-own"), report="success"),
    # Exim verifies the MX name but tells only the target, which fits.
    by_alias("alias-cert", "MX name is an alias, certificate for its target",
             deferred(BAD_CERT), cert="alias-only",
             report="certificate-not-trusted"),
    # Exim names the target to the server.
    by_alias("alias-sni", "MX name is an alias, TLS only by the MX name",
             deferred(HANDSHAKE), does="sni-required", sni=True,
             smtpd=verified("mx.alias-sni"),
             report="validation-failure"),

    # The domain.
    # OpenSMTPD takes no name of more than 64 octets from a table.
    inside("x" * 63, "name of 63 octets", smtpd=deferred(TOO_LONG)),
    inside(".".join(["y" * 54] * 4), "name of 227 octets",
           smtpd=deferred(TOO_LONG)),
    inside("xn--bcher-kva", "internationalized domain"),
    inside("xn--strae-oqa", "the same, written with its own letters",
           to="bob@straße.example", apart="takes no UTF-8 in addresses"),
    Domain("parent", "nothing (its subdomain publishes nothing)",
           ours=verified("mx.parent"), report="success"),
    Domain("sub.parent", "no TLS and no policy below a domain with one",
           ours=clear("mx.sub.parent"), mode=None,
           hosts=(Host(does="no-starttls"),)),
    Domain("guest-of-strict", "MX of a domain with a policy, but none itself",
           ours=unverified("mx.unknown-ca"), mode=None, hosts=(),
           mx=((10, "mx.unknown-ca.example"),)),
    Domain("guest-of-testing", "MX of a domain that only tests",
           ours=deferred(BAD_CERT), report="certificate-not-trusted",
           hosts=(), mx=((10, "mx.testing.example"),)),
]
