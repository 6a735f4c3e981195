# SPDX-License-Identifier: ISC
"""Is a domain's policy at work?  Told by mail alone, honest and attacked.

The attack forges the domain's MX record, the one fault that only MTA-STS
notices: the attacker's host has a faultless certificate for its own name.
"""
import check
import domains
import outcome
from row import Result

GOOD = domains.BY_NAME["good"]
EVIL = "mx.evil.example"


def honest(world, machine, domain=GOOD):
    """Mail to DOMAIN while nobody lies about its MX."""
    machine.empty()
    return outcome.deliver(world, machine, f"bob@{domain.zone}")


def attacked(world, machine, domain=GOOD):
    """Mail to DOMAIN while somebody answers with his own MX."""
    machine.empty()
    with world.lying({"name": domain.zone, "type": "MX", "do": "forge",
                      "with": [[10, EVIL]]}):
        return outcome.deliver(world, machine, f"bob@{domain.zone}")


def delivered(world, machine, domain=GOOD):
    """Honest mail arrives as the domain's policy wants it."""
    got = honest(world, machine, domain)
    why = outcome.complaint(got, domain.ours, domain, True)
    check.expect(why is None, f"honest mail: {why}")
    return got


def safe(world, machine, domain=GOOD):
    """The attacker gets nothing: the mail waits, or goes where it should if
    that is remembered."""
    got = attacked(world, machine, domain)
    check.expect(EVIL not in got.met, f"attacker met: {got}\n{got.log}")
    check.expect(got.what == "deferred" or
                 Result(got.what, got.host) == domain.ours and
                 machine.mta == "opensmtpd", f"attacked mail: {got}")
    check.expect(not got.naked, "RCPT in clear")
    check.expect("*frozen*" not in str(got.queue), "message frozen")


def enforced(world, machine, domain=GOOD):
    delivered(world, machine, domain)
    safe(world, machine, domain)


def held(world, machine, domain=GOOD):
    """Mail waits, untouched, whether or not somebody attacks."""
    got = honest(world, machine, domain)
    check.equal(got.what, "deferred", f"honest mail\n{got.log}\n")
    check.expect(not got.met, f"contacted {got.met}")
    check.expect("*frozen*" not in str(got.queue), "message frozen")
    safe(world, machine, domain)
    return got


def unprotected(world, machine, domain=GOOD):
    """Mail goes wherever DNS says, as without any policy."""
    got = attacked(world, machine, domain)
    check.equal(got.host, EVIL, f"attacked mail\n{got.log}\n")
