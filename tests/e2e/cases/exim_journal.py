# SPDX-License-Identifier: ISC
"""What the journal makes of Exim's sessions: each result type of RFC 8460
that a session can have where a policy only tests, and what is not counted."""
import check
import domains
import outcome
from binding import EVIL, GOOD
from cases.bypass import FORGED, OUTSIDE
from cases.config import site
from cases.reuse import pile_up
from cases.smtpd_journal import journal

# Name of a row: what must be recorded of it in testing.
TESTING = {
    "good": "success",
    "wildcard": "success",
    "expired": "certificate-expired",
    "not-yet-valid": "certificate-not-trusted",
    "self-signed": "certificate-not-trusted",
    "unknown-ca": "certificate-not-trusted",
    "no-intermediate": "certificate-not-trusted",
    "wrong-name": "certificate-host-mismatch",
    "domain-only": "certificate-host-mismatch",
    "cn-only": "certificate-host-mismatch",
    "no-starttls": "starttls-not-supported",
    "stripped": "starttls-not-supported",
    "454": "starttls-not-supported",
    "421": "starttls-not-supported",
    "502": "starttls-not-supported",
    "close-handshake": "validation-failure",
    "garbage": "validation-failure",
    "alert-failure": "validation-failure",
    "tls10": "validation-failure",
    "outside": "validation-failure",
}


def test_only(world, domain):
    """DOMAIN's policy is in mode testing, and nobody knows it yet."""
    world.web.serve(domain, domain.policy().replace("enforce", "testing"))


def told(machine, domain):
    return [(one["type"], one["mode"], one["result"], one["mx"])
            for one in journal(machine)[domain.zone]]


def testing(world, machine, domain, result):
    """Mail arrives, and one session is told of as enforce would end it."""
    test_only(world, domain)
    got = outcome.deliver(world, machine, domain.recipient)
    check.expect(got.host is not None or domain.name == "421",
                 f"{got}\n{got.log}\n")
    host = domain.exchangers()[0][1]
    check.equal(told(machine, domain), [("sts", "testing", result, host)],
                f"{got.log}\nrecords")
    record = journal(machine)[domain.zone][0]
    check.expect(record["mx_address"] in domains.ADDRESSES[host], record)
    check.equal(record["reason"] == "", result == "success", record)


for _name, _result in TESTING.items():
    check.add(f"testing_{_name}", testing, "split", domains.BY_NAME[_name],
              _result)


@check.case()
def host_not_in_the_policy_is_told_by_name(world, machine):
    """Of a session where the policy tests, of none where it is enforced."""
    world.lie(FORGED)
    got = outcome.deliver(world, machine, f"bob@{GOOD.zone}")
    check.equal((got.what, got.met), ("deferred", set()), got.log)
    check.expect(f"list MX host {EVIL}" in got.log, got.log)
    check.equal(told(machine, GOOD),
                [("sts", "enforce", "validation-failure", EVIL)], "records")


@check.case()
def hostile_names_of_hosts_are_not_recorded(world, machine):
    names = ("a b.example", "${x}.example", "mx\n.evil.example", "*", "",
             "one.evil.example")
    world.lie(dict(FORGED, **{"with": [
        [n, name] for n, name in enumerate(names)]}))
    outcome.deliver(world, machine, f"bob@{GOOD.zone}")
    for record in told(machine, GOOD):
        check.expect(record[3] in ("b.example", "evil.example",
                                   "one.evil.example", "example"), record)
    check.equal(machine.panic(), "", "panic log")


@check.case()
def host_that_is_down_is_no_session(world, machine):
    domain = domains.BY_NAME["first-down"]
    test_only(world, domain)
    machine.send(domain.recipient)
    check.equal(told(machine, domain), [
        ("sts", "testing", "success", domain.full("mx2"))], "records")


@check.case()
def messages_in_one_session_count_once(world, machine):
    test_only(world, GOOD)
    mark = world.mark()
    pile_up(world, machine, "mx.good.example", [GOOD] * 5)
    machine.run_queue("-qqff")
    carried = {event["id"] for event in world.events(mark, "RCPT")}
    check.equal(len(world.events(mark, "DATA")), 5, machine.log())
    check.expect(len(carried) < 5, "no session was used twice")
    check.equal([one[2] for one in told(machine, GOOD)],
                ["success"] * len(carried), "records")


@check.case()
def domain_that_wants_reports_has_a_session_of_its_own(world, machine):
    """Others at the same host share theirs."""
    loose, free = (domains.BY_NAME[name]
                   for name in ("tenant-loose", "provider"))
    mark = world.mark()
    machine.send(f"a@{loose.zone}", f"b@{loose.zone}", f"bob@{free.zone}")
    sessions = {event["id"] for event in world.events(mark, "RCPT")}
    check.equal(len(sessions), 2, machine.log())
    check.equal(told(machine, loose), [
        ("sts", "testing", "certificate-not-trusted",
         "mx.provider.example")], "records")
    check.equal(told(machine, free), [], "records of who wants none")


@check.case()
def other_routes_of_the_site_are_not_counted(world, machine):
    """Who has a host of the operator's choice has no part in the session,
    though his policy is known."""
    test_only(world, GOOD)
    machine.send(f"bob@{GOOD.zone}")
    check.equal(len(told(machine, GOOD)), 1, "records")
    with site(machine, files=[("/etc/exim4/hubbed_hosts",
                               f"{GOOD.zone}: mx.{OUTSIDE.zone}\n")]):
        got = outcome.deliver(world, machine, f"bob@{GOOD.zone}")
        check.equal(got.host, f"mx.{OUTSIDE.zone}", got.log)
    check.equal(len(told(machine, GOOD)), 1, "records")
    check.equal(told(machine, OUTSIDE), [], "records of the host's domain")


# -- DANE --------------------------------------------------------------------

def dane(world, machine, name, mode, *wanted):
    """One record for TLSA, and one for the policy where it was judged."""
    domain = domains.BY_NAME[name]
    if mode == "testing":
        test_only(world, domain)
    got = outcome.deliver(world, machine, domain.recipient)
    host = domain.exchangers()[0][1]
    said = sorted(set(told(machine, domain)))  # it may have two addresses
    check.equal(said, sorted((*one, host) for one in wanted),
                f"{got.log}\nrecords")


FAILED = ("tlsa", "none", "tlsa-invalid")
PASSED = ("tlsa", "none", "success")
check.add("dane_and_policy_are_told", dane, "split", "dane-good", "enforce",
          PASSED, ("sts", "enforce", "success"))
check.add("dane_and_testing_are_told", dane, "split", "dane-good", "testing",
          PASSED, ("sts", "testing", "success"))
check.add("dane_failure_says_nothing_of_the_policy", dane, "split",
          "dane-bad", "enforce", FAILED)
check.add("dane_failure_says_nothing_of_testing", dane, "split", "dane-bad",
          "testing", FAILED)
check.add("dane_host_outside_testing_is_told", dane, "split", "dane-outside",
          "testing", PASSED, ("sts", "testing", "validation-failure"))
