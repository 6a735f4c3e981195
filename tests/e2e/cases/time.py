# SPDX-License-Identifier: ISC
"""A policy's life: expiry, renewal, back-off, re-check (RFC 8461, 3 to 5).

Times count from the first mail, at which the policy was fetched.
"""
import re

import binding
import check
import domains
from binding import GOOD
from cases.faults import DAY, HOUR, TXT, WEB, fault, lie, serve

BOUND = 31557600  # the longest max_age (RFC 8461, 3.2)
GRACE = 7 * DAY
MINUTE = 60
HOST = "mx.good.example"
TTL = domains.BY_NAME["txt-ttl"]  # TXT records that live 68 years
TTL_0 = domains.BY_NAME["txt-ttl-0"]


def fetches(world, domain=GOOD):
    return len(world.web.requests(domain))


def aged(max_age):
    return GOOD.policy().replace("604800", str(max_age))


def prime(world, machine, max_age):
    """Have a policy of MAX_AGE fetched; the second of its deadline."""
    world.web.serve(GOOD, aged(max_age))
    binding.delivered(world, machine)
    fetched = re.search(r"^fetched: (\d+)$",
                        machine.policy_file(GOOD).read_text(), re.M)
    return int(fetched[1]) + min(max_age, BOUND)


def binds(world, machine, second):
    """At this second of the epoch the policy is at work."""
    machine.stand(second)
    binding.safe(world, machine)


def gone(world, machine, second):
    """At this second mail goes wherever DNS says."""
    machine.stand(second)
    got = binding.attacked(world, machine)
    check.equal(got.host, binding.EVIL, f"attacked mail\n{got.log}\n")


def hide(world):
    """The record is denied, the policy host dead: all a thief can do."""
    lie(TXT, "nxdomain")(world)
    world.kill_web(GOOD)


# -- expiry ----------------------------------------------------------------

def expires(world, machine, max_age):
    """To the second; nothing but time takes a policy away."""
    end = prime(world, machine, max_age)
    hide(world)
    binds(world, machine, end - 1)
    gone(world, machine, end)


for _name, _age in {"minute": MINUTE, "hour": HOUR, "week": 7 * DAY,
                    "bound": BOUND, "over_bound": 9999999999}.items():
    check.add(f"expiry_of_a_{_name}", expires, "split", _age)


def outlives(world, machine, do):
    """Without a definite answer an expired policy binds for a week."""
    end = prime(world, machine, HOUR)
    machine.setting("timeout", "1s")
    do(world)
    world.kill_web(GOOD)
    binds(world, machine, end)
    binds(world, machine, end + GRACE - 1)
    gone(world, machine, end + GRACE)


for _name, _do in {"servfail": lie(TXT, "servfail"),
                   "refused": lie(TXT, "refuse")}.items():
    check.add(f"expired_under_{_name}", outlives, "split", _do)


@check.case()
def expired_policy_is_had_again(world, machine):
    end = prime(world, machine, HOUR)
    binds(world, machine, end)
    check.equal(fetches(world), 2, "fetches")
    hide(world)
    binds(world, machine, end + HOUR - 1)
    gone(world, machine, end + HOUR)


@check.case()
def max_age_0_is_not_kept(world, machine):
    """STS-43: it counts for the mail that fetched it, and for no other."""
    world.web.serve(GOOD, aged(0))
    binding.enforced(world, machine)
    check.equal(fetches(world), 2, "fetches of two messages")
    hide(world)
    binding.unprotected(world, machine)


@check.case()
def max_age_0_replaces_a_longer_one(world, machine):
    prime(world, machine, 7 * DAY)
    world.web.serve(GOOD, aged(0))
    world.publish(GOOD, id="2")
    machine.later(2 * HOUR)
    binding.safe(world, machine)
    hide(world)
    binding.unprotected(world, machine)


@check.case()
def max_age_1_is_over_in_a_second(world, machine):
    end = prime(world, machine, 1)
    lie(TXT, "nxdomain")(world)
    gone(world, machine, end)


# -- renewal ---------------------------------------------------------------

def renewed(world, machine, max_age):
    """Due when min(24 h, max_age / 2) has passed, a quarter sooner or later;
    not before, however often the record is seen."""
    due = min(DAY, max_age // 2)
    end = prime(world, machine, max_age)
    binds(world, machine, end - max_age + due * 74 // 100)
    check.equal(fetches(world), 1, "fetches while it is new")
    binds(world, machine, end - max_age + due * 126 // 100)
    check.equal(fetches(world), 2, "fetches when renewal is due")


check.add("renewal_daily", renewed, "split", 7 * DAY)
check.add("renewal_at_half", renewed, "split", 2 * HOUR)


def moved(world, machine, do):
    """The deadline moves by an HTTPS 200, whatever TXT says (STS-78)."""
    end = prime(world, machine, 2 * DAY)
    do(world)
    binds(world, machine, end - DAY // 2)
    check.equal(fetches(world), 2, "fetches")
    world.repair()
    hide(world)
    binds(world, machine, end + DAY)
    binds(world, machine, end + 2 * DAY - DAY // 2 - 1)
    gone(world, machine, end + 2 * DAY - DAY // 2)


for _name, _do in {"same": lambda world: None,
                   "vanished": lie(TXT, "nxdomain"),
                   "failing": lie(TXT, "servfail"),
                   "malformed": lie(TXT, "forge", "TXT", ["v=STSv1; id=;"]),
                   }.items():
    check.add(f"renewal_txt_{_name}", moved, "split", _do)


def unmoved(world, machine, do):
    """Nothing else moves it (STS-75): not the same id, no failed fetch."""
    end = prime(world, machine, 2 * DAY)
    do(world)
    for second in (end - DAY // 2, end - HOUR, end - 1):
        binds(world, machine, second)
    world.repair()
    hide(world)
    gone(world, machine, end)


for _name, _do in {"dead": lambda world: world.kill_web(GOOD),
                   "servfail": lie(WEB, "servfail"),
                   "404": serve(None), "500": fault("500"),
                   "redirect": fault("redirect"),
                   "garbage": serve("<html>no policy</html>\n"),
                   "truncated": serve(GOOD.policy()[:-9])}.items():
    check.add(f"renewal_host_{_name}", unmoved, "split", _do)


# -- back-off --------------------------------------------------------------

BACKOFF = (300, 600, 1200, 2400, 3600, 3600)


@check.case()
def back_off_doubles(world, machine):
    """STS-32: 5 minutes, twice as long each time, an hour at most."""
    world.web.serve(GOOD, None)
    now = 0
    binding.unprotected(world, machine)
    for number, wait in enumerate(BACKOFF, 1):
        machine.later(now + wait - 10)
        binding.unprotected(world, machine)
        check.equal(fetches(world), number, f"fetches before {wait} s")
        now += wait + 10
        machine.later(now)
        binding.unprotected(world, machine)
        check.equal(fetches(world), number + 1, f"fetches after {wait} s")


@check.case()
def back_off_outlives_a_boot(world, machine):
    world.web.serve(GOOD, None)
    binding.unprotected(world, machine)
    machine.reboot(200)
    binding.unprotected(world, machine)
    check.equal(fetches(world), 1, "fetches after 200 s")
    machine.clock(320, 320)
    binding.unprotected(world, machine)
    check.equal(fetches(world), 2, "fetches after 320 s")


@check.case()
def back_off_of_a_renewal(world, machine):
    """It holds for a policy that is kept, too."""
    prime(world, machine, 7 * DAY)
    world.web.serve(GOOD, None)
    for passed, wanted in ((0, 2), (290, 2), (320, 3), (900, 3), (950, 4)):
        machine.later(2 * DAY + passed)
        binding.safe(world, machine)
        check.equal(fetches(world), wanted, f"fetches after {passed} s")


@check.case()
def back_off_is_skipped_once_by_a_new_id(world, machine):
    world.web.serve(GOOD, None)
    binding.unprotected(world, machine)
    for id, wanted in ((2, 2), (3, 2)):
        world.publish(GOOD, id=str(id))
        machine.later(70 * (id - 1))
        binding.unprotected(world, machine)
        check.equal(fetches(world), wanted, f"fetches under id {id}")


@check.case()
def new_id_ends_the_back_off(world, machine):
    """A repaired host is found by its new id, before the waiting is over."""
    world.web.serve(GOOD, None)
    binding.unprotected(world, machine)
    world.web.serve(GOOD, GOOD.policy())
    world.publish(GOOD, id="2")
    machine.later(70)
    binding.enforced(world, machine)


@check.case()
def unresolved_doubles(world, machine):
    """DNS that cannot tell, of a domain not known: 30 s, then 60 s ..."""
    now = 0
    for wait in (30, 60, 120, 240, 300, 300):
        with world.lying({"name": TXT, "do": "servfail"}):
            machine.later(now)
            binding.unprotected(world, machine)
        machine.later(now + wait - 8)
        binding.unprotected(world, machine)
        now += wait + 2
    machine.later(now)
    binding.enforced(world, machine)


# -- how often TXT is looked at ---------------------------------------------

def mailed(world, machine, domain, what):
    """Mail to DOMAIN is "verified", at GOOD's host, or "deferred"."""
    got = binding.honest(world, machine, domain)
    check.equal(got.what, what, f"mail\n{got.log}\n")
    check.equal(got.met, set() if what == "deferred" else {HOST}, "hosts met")


def rechecked(world, machine, domain, after):
    """A new id is seen after the record's time, from a minute to an hour."""
    world.web.serve(domain, domain.policy([HOST]))
    mailed(world, machine, domain, "verified")
    world.web.serve(domain, domain.policy(["other"]))
    world.lie({"name": f"_mta-sts.{domain.zone}", "type": "TXT",
               "do": "forge", "with": ["v=STSv1; id=new;"]})
    machine.later(after - 10)
    mailed(world, machine, domain, "verified")
    machine.later(after + 5)
    mailed(world, machine, domain, "deferred")


check.add("recheck_ttl_68_years", rechecked, "split", TTL, HOUR)
check.add("recheck_ttl_0", rechecked, "split", TTL_0, MINUTE)
check.add("recheck_ttl_60", rechecked, "split", GOOD, MINUTE)


@check.case()
def recheck_after_no_record(world, machine):
    """That there is none is asked again after a minute, too."""
    with world.lying({"name": TXT, "do": "nxdomain"}):
        binding.unprotected(world, machine)
    machine.later(50)
    binding.unprotected(world, machine)
    machine.later(65)
    binding.enforced(world, machine)


@check.case()
def recheck_soon_where_a_policy_expired(world, machine):
    """A denial is believed for 5 minutes where there was a policy lately."""
    end = prime(world, machine, HOUR)
    machine.stand(end)
    with world.lying({"name": TXT, "do": "nxdomain"}):
        gone(world, machine, end)
    machine.stand(end + 301)
    binding.enforced(world, machine)
