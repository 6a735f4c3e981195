# SPDX-License-Identifier: ISC
"""The domains of the world: one row each.

A row says what the domain publishes, what is wrong with it and what must
happen to mail for it.  To add a domain, add a row; zones, certificates,
policy hosts and receivers follow from it, and so does its delivery case.
"""
import dataclasses

import net

# What a mail host does when spoken to; receiver.py has one entry for each.
#   good          STARTTLS with a certificate for its name
#   wrong-name    ... for another name       cn-only  ... only in the CN
#   expired, not-yet-valid, unknown-ca       as they say
#   nameless      ... of an unknown CA, and only a CN
#   no-starttls   does not offer it          454, 502  refuses it
#   close, garbage                           breaks it after its 220


@dataclasses.dataclass
class Host:
    """A mail host.  NAME is relative to the domain that owns it."""
    name: str = "mx"
    does: str = "good"
    families: str = "46"
    tlsa: str = None  # None, "right" or "wrong"


@dataclasses.dataclass
class Result:
    """What one kind of Exim does: reaches HOST, with WHAT.

    what: "verified", "dane", "unverified" (TLS) or "clear", or "deferred".
    host: mail host by full name; for "deferred" the text expected in the log.
    """
    what: str
    host: str = None


@dataclasses.dataclass
class Domain:
    name: str
    story: str  # what the attacker (or the owner's mistake) did
    plain: Result  # an Exim as Debian ships it
    ours: Result  # the same with the module
    mode: str = "enforce"  # None: publishes nothing
    hosts: tuple = (Host(),)
    mx: tuple = None  # (preference, name) each; default: all hosts, 10, 20 ..
    patterns: tuple = None  # of the policy; default: the MX names
    max_age: int = 604800
    id: str = "1"
    signed: bool = False
    families: str = "46"  # of the policy host
    strip: bool = False  # somebody in the path removes STARTTLS
    forge: str = None  # somebody in the path answers MX with this name
    web: bool = True  # the policy host can be reached
    records: str = ""  # more lines of the zone
    number: int = 0  # position, gives the addresses

    @property
    def zone(self):
        return net.domain(self.name)

    def full(self, name):
        """NAME as written in this row, as a full name."""
        return name if name.endswith("." + net.TLD) else f"{name}.{self.zone}"

    def exchangers(self):
        listed = self.mx or [(10 * n, host.name)
                             for n, host in enumerate(self.hosts, 1)]
        return [(preference, self.full(name)) for preference, name in listed]

    def policy(self, patterns=None):
        names = patterns or self.patterns or \
            [name for _, name in self.exchangers()]
        return "".join(["version: STSv1\n", f"mode: {self.mode}\n"] +
                       [f"mx: {self.full(name)}\n" for name in names] +
                       [f"max_age: {self.max_age}\n"])


def verified(host):
    return Result("verified", net.domain(host))


def unverified(host):
    return Result("unverified", net.domain(host))


def clear(host):
    return Result("clear", net.domain(host))


def dane(host):
    return Result("dane", net.domain(host))


def deferred(why):
    return Result("deferred", why)


NO_MX = "permits none"  # text of the module when every MX is outside
NO_TLS = "a TLS session is required"
BAD_CERT = "certificate verification failed"


def broken(does, story, plain, why):
    """A domain whose only fault is what its one mail host does."""
    return Domain(does, story, hosts=(Host(does=does),),
                  plain=plain(f"mx.{does}"), ours=deferred(why))


DOMAINS = [
    # name, what is wrong; what a plain Exim does, what ours must do
    Domain("good", "nothing",
           verified("mx.good"), verified("mx.good")),
    Domain("two-mx", "nothing (two MX hosts)",
           verified("mx1.two-mx"), verified("mx1.two-mx"),
           hosts=(Host("mx1"), Host("mx2"))),
    Domain("wildcard", "nothing (policy names *.wildcard)",
           verified("mx.wildcard"), verified("mx.wildcard"),
           patterns=("*",)),
    Domain("two-labels", "MX two labels below a policy's *.two-labels",
           verified("mx.a.two-labels"), deferred(NO_MX),
           hosts=(Host("mx.a"),), patterns=("*",)),
    Domain("ipv6-only", "nothing (no IPv4 at all)",
           verified("mx.ipv6-only"), verified("mx.ipv6-only"),
           hosts=(Host(families="6"),), families="6"),
    Domain("testing", "untrusted certificate, policy only testing",
           unverified("mx.testing"), unverified("mx.testing"),
           mode="testing", hosts=(Host(does="unknown-ca"),)),
    Domain("mode-none", "expired certificate, policy says none",
           unverified("mx.mode-none"), unverified("mx.mode-none"),
           mode="none", hosts=(Host(does="expired"),)),
    Domain("no-policy", "no TLS, and no policy",
           clear("mx.no-policy"), clear("mx.no-policy"),
           mode=None, hosts=(Host(does="no-starttls"),)),

    Domain("outside", "only MX is not in the policy",
           verified("mx.outside"), deferred(NO_MX),
           patterns=("other",)),
    Domain("first-outside", "best MX is not in the policy, the next is",
           verified("mx1.first-outside"), verified("mx2.first-outside"),
           hosts=(Host("mx1"), Host("mx2")), patterns=("mx2",)),
    Domain("alias", "foreign MX name, a CNAME of the host in the policy",
           unverified("mx.good"), deferred(NO_MX), hosts=(),
           mx=((10, "foreign"),), records="foreign CNAME mx.good.example.\n",
           patterns=("mx.good.example",)),
    broken("wrong-name", "certificate for another name",
           unverified, BAD_CERT),
    broken("cn-only", "host name only in the certificate's CN",
           verified, "certificate has no dNSName"),
    broken("expired", "expired certificate",
           unverified, BAD_CERT),
    broken("not-yet-valid", "certificate not valid yet",
           unverified, BAD_CERT),
    broken("unknown-ca", "certificate of an unknown CA",
           unverified, BAD_CERT),
    broken("no-starttls", "MX offers no STARTTLS",
           clear, NO_TLS),
    broken("454", "MX answers 454 to STARTTLS",
           clear, "after STARTTLS: 454"),
    broken("502", "MX answers 502 to STARTTLS",
           clear, NO_TLS),
    broken("close", "MX hangs up in the TLS handshake",
           clear, "TLS session: (gnutls_handshake)"),
    broken("garbage", "MX sends garbage in the TLS handshake",
           clear, "TLS session: (gnutls_handshake)"),
    Domain("stripped", "STARTTLS stripped in the path",
           clear("mx.stripped"), deferred(NO_TLS), strip=True),
    Domain("forged", "MX record forged in the path",
           verified("mx.evil"), deferred(NO_MX), forge="mx.evil.example"),
    Domain("web-dead", "policy host dead, nothing cached",
           verified("mx.web-dead"), verified("mx.web-dead"), web=False),

    Domain("provider", "nothing (mail host of the two tenants)",
           unverified("mx.provider"), unverified("mx.provider"),
           mode=None, hosts=(Host(does="unknown-ca"),)),
    Domain("tenant-strict", "shared MX with a bad certificate, enforce",
           unverified("mx.provider"), deferred(BAD_CERT),
           hosts=(), mx=((10, "mx.provider.example"),)),
    Domain("tenant-loose", "shared MX with a bad certificate, testing",
           unverified("mx.provider"), unverified("mx.provider"),
           mode="testing", hosts=(), mx=((10, "mx.provider.example"),)),

    Domain("guest", "shared good MX, but the policy names another",
           verified("mx.good"), deferred(NO_MX),
           hosts=(), mx=((10, "mx.good.example"),), patterns=("mx",)),

    Domain("dane-good", "nothing (DANE, certificate of a private CA)",
           dane("mx.dane-good"), dane("mx.dane-good"),
           signed=True, hosts=(Host(does="unknown-ca", tlsa="right"),)),
    Domain("dane-nameless", "nothing (DANE, no host name in the certificate)",
           dane("mx.dane-nameless"), dane("mx.dane-nameless"),
           signed=True, hosts=(Host(does="nameless", tlsa="right"),)),
    Domain("dane-bad", "TLSA record is of another certificate",
           deferred(BAD_CERT), deferred(BAD_CERT),
           signed=True, hosts=(Host(tlsa="wrong"),)),

    Domain("evil", "the attacker's own domain, all in order",
           verified("mx.evil"), verified("mx.evil"), mode=None),
    # The sending machine's own domain, and one it is a backup MX of.
    Domain("sender", "ourselves", deferred(""), deferred(""),
           mode=None, hosts=()),
    Domain("backup", "we are its second MX; the first is down",
           deferred("host"), deferred("host"),
           hosts=(Host("a", does="down"), Host("c")),
           mx=((10, "a"), (20, net.SENDER), (30, "c")), patterns=("a", "c")),
    Domain("backup-outside", "we are its second MX; the first is forbidden",
           verified("a.backup-outside"), deferred(NO_MX),
           hosts=(Host("a"), Host("c")),
           mx=((10, "a"), (20, net.SENDER), (30, "c")), patterns=("c",)),
]

for _number, _domain in enumerate(DOMAINS, 1):
    _domain.number = _number

BY_NAME = {domain.name: domain for domain in DOMAINS}


def mail_hosts():
    """(full name, Host, (IPv4, IPv6)) of every mail host there is."""
    number = 0
    for domain in DOMAINS:
        for host in domain.hosts:
            number += 1
            yield domain.full(host.name), host, net.mx(number)


ADDRESSES = {name: addresses for name, _, addresses in mail_hosts()}
