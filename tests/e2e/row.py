# SPDX-License-Identifier: ISC
"""What a row of the table of domains is made of; domains/ holds the rows.

A row is data: what a domain publishes, what is wrong with it, and what must
come of it.  Everything else (zones, certificates, policy hosts, mail hosts,
lies told on the way, cases) is made from it.  All names in a row are relative
to the row's domain unless they end in the world's top level domain.
"""
import dataclasses
import typing

import net

# Hosts that cannot be reached; what a router does with their packets.
GONE = {"down": "unreachable", "silent": "blackhole"}


@dataclasses.dataclass(frozen=True)
class Host:
    """A mail host: how it behaves and which certificate it has."""
    name: str = "mx"
    does: str = "good"  # an entry of mailhost.BEHAVIOURS, or of GONE
    cert: str = "good"  # an entry of pki.KINDS
    families: str = "46"
    more: tuple = ()  # addresses it has besides: net.DEAD, net.SILENT ...
    only: tuple = None  # addresses it has instead
    alias: str = None  # its name is a CNAME of this one
    tlsa: str = None  # an entry of names.TLSA


@dataclasses.dataclass(frozen=True)
class Web:
    """A policy host."""
    does: str = "good"  # an entry of policyhost.BEHAVIOURS, or of GONE
    cert: str = "good"  # an entry of pki.KINDS
    families: str = "46"
    more: tuple = ()  # addresses it has besides
    only: tuple = None  # addresses it has instead
    alias: str = None  # its name is a CNAME of this one


@dataclasses.dataclass(frozen=True)
class Lie:
    """What somebody in the path answers to questions for NAME.

    do: an entry of lies.LIES.  kind: type of record, None for all.
    """
    name: str
    do: str
    kind: str = None
    records: tuple = ()


@dataclasses.dataclass(frozen=True)
class Result:
    """What one kind of Exim does: reaches HOST, with WHAT.

    what: "verified", "dane", "unverified" (TLS) or "clear", "deferred" or
    "bounced".  host: mail host by full name; for the last two the text
    expected in Exim's log.
    """
    what: str
    host: str = None


@dataclasses.dataclass
class Domain:
    name: str
    story: str  # what the attacker (or the owner's mistake) did
    ours: Result  # what an MTA with us does; wording: Exim's
    plain: Result = None  # the same as Debian ships it; None: not tried
    smtpd: Result = None  # what an OpenSMTPD with us does, if otherwise
    sni: bool = False  # works only for clients that name the host
    apart: str = None  # why OpenSMTPD is not tried on it
    query: str = None  # in what "mta-sts query" says; default: by verdict
    report: str = None  # result type of RFC 8460, or "success"
    mode: str = "enforce"  # of the policy; None: publishes nothing
    verdict: str = None  # of the first MX; default: what the mode says
    # What is published.
    hosts: tuple = (Host(),)
    mx: tuple = None  # (preference, name) each; default: all hosts, 10, 20 ..
    patterns: tuple = None  # of the policy; default: the MX names
    max_age: typing.Any = 604800
    id: str = "1"
    txt: tuple = None  # RRs at _mta-sts in zone file form; default: by id
    text: bytes = None  # policy as served; default: made from the above
    rua: tuple = None  # where reports shall go; default: tls@ of the domain
    tlsrpt: tuple = None  # RRs at _smtp._tls; default: by rua, with a policy
    reported: tuple = None  # addresses and URIs it is right to report to
    web: Web = Web()
    signed: bool = False  # by DNSSEC
    records: str = ""  # more lines of the zone
    # What happens on the way.
    strip: bool = False  # somebody removes STARTTLS
    lies: tuple = ()
    # How mail is sent.
    to: str = None  # recipient; default: bob of the domain
    timeout: str = None  # of mta-sts.conf, for what would take long
    hurry: int = 1  # what Exim's own time limits are divided by
    number: int = 0  # position, gives the addresses

    @property
    def zone(self):
        return net.domain(self.name)

    @property
    def recipient(self):
        return self.to or f"bob@{self.zone}"

    @property
    def expected(self):
        """The verdict for the first MX host."""
        by_mode = {"enforce": "require", "testing": "observe"}
        return self.verdict or by_mode.get(self.mode, "open")

    @property
    def heard(self):
        """Does the receiver itself refuse, over a session it verified for?"""
        return self.report == "success" and \
            self.ours.what in ("deferred", "bounced")

    @property
    def said(self):
        """Text in the line that "mta-sts query" begins with."""
        by_verdict = {"require": ": enforce, ", "refuse": "MX permitted: ",
                      "observe": ": testing, mail passes", "open": "passes"}
        return self.query or by_verdict[self.expected]

    @property
    def binds(self):
        """Is a policy in mode enforce at work?"""
        return self.expected in ("require", "refuse")

    def full(self, name):
        """NAME as written in this row, as a full name."""
        if name == "@":
            return self.zone
        return name if name.endswith("." + net.TLD) else f"{name}.{self.zone}"

    def exchangers(self):
        listed = self.mx if self.mx is not None else [
            (10 * n, host.name) for n, host in enumerate(self.hosts, 1)]
        return [(preference, self.full(name)) for preference, name in listed]

    def policy(self, patterns=None):
        """The policy as its owner means it."""
        names = patterns or self.patterns or \
            [name for _, name in self.exchangers()]
        return "".join(["version: STSv1\n", f"mode: {self.mode}\n"] +
                       [f"mx: {self.full(name)}\n" for name in names] +
                       [f"max_age: {self.max_age}\n"])

    def served(self):
        """The policy as it is served."""
        return self.policy().encode() if self.text is None else self.text


# For what differs before mail is sent: a good mail host of another domain,
# which the policy does not permit, so that delivery tells if it was found.
GUEST = {"hosts": (), "mx": ((10, "mx.good.example"),), "patterns": ("mx",)}


# -- results ---------------------------------------------------------------

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


def bounced(why):
    return Result("bounced", why)


NO_MX = "permits none"  # text of the module when every MX is outside
NO_TLS = "a TLS session is required"
BAD_CERT = "certificate verif"  # what GnuTLS and OpenSSL say alike
NO_NAME = "certificate has no dNSName"
WAITS = deferred("")  # for whatever reason; the journal tells it
