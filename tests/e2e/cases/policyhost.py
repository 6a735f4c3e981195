# SPDX-License-Identifier: ISC
"""A policy host that turns bad, and what it is asked.

Whatever it does while a policy is cached, what it serves then is a weaker
policy: taking that on is what must not happen (RFC 8461, 3.3).
"""
import binding
import check
import domains
from cases.faults import stale

DOMAIN = domains.BY_NAME["web-changing"]
NONE = b"version: STSv1\nmode: none\nmax_age: 604800\n"
# Cut behind its second line or later this is weaker, not invalid.
SHORTER = b"version: STSv1\nmax_age: 604800\nmode: none\nmx: mx.example\n"
TURNS = {
    "status-201": NONE, "status-206": NONE, "status-304": NONE,
    "status-404": NONE, "status-503": NONE, "redirect-302": NONE,
    "redirect-absolute": NONE, "type-html": NONE, "http-0-9": NONE,
    "size-over": NONE, "body-endless": NONE, "head-endless": NONE,
    "interim-endless": NONE, "empty-answer": NONE, "until-cut": NONE,
    "line-3-notify": SHORTER, "line-3-cut": SHORTER, "line-3-reset": SHORTER,
    "chunks-no-end": NONE, "chunks-bad": NONE, "slow-body": NONE,
    "stall": NONE, "alert-failure": NONE, "hello-spoilt": NONE,
    "tls-1-1": NONE, "tls-anonymous": NONE, "tls-demands": NONE,
}
ASKED = {"Host": "mta-sts.web-changing.example", "Accept": "*/*"}


def prime(world, machine):
    binding.delivered(world, machine, DOMAIN)
    check.equal(len(requests(world)), 1, "requests")


def requests(world):
    return world.web.events("REQUEST", DOMAIN)


def turns_bad(world, machine, does, text):
    prime(world, machine)
    machine.setting("timeout", "1s")
    world.web.behave(DOMAIN, does)
    world.web.serve(DOMAIN, text)
    world.publish(DOMAIN, id="2")
    stale(machine)
    binding.enforced(world, machine, DOMAIN)
    check.expect(len(world.web.events("CONNECT", DOMAIN)) > 1,
                 "the policy host was not asked again")


for _does, _text in TURNS.items():
    check.add(f"turns_{_does}", turns_bad, "split", _does, _text)


def asks_plainly(world, machine, does):
    """The next request is the same as the first (RFC 8461, 3.3)."""
    world.web.behave(DOMAIN, does)
    prime(world, machine)
    world.web.serve(DOMAIN, NONE)
    world.publish(DOMAIN, id="2")
    stale(machine)
    binding.unprotected(world, machine, DOMAIN)
    seen = requests(world)
    check.equal(len(seen), 2, "requests")
    for request in seen:
        check.equal(request["line"],
                    "GET /.well-known/mta-sts.txt HTTP/1.1", "request")
        fields = dict(field.split(": ") for field in request["fields"])
        check.expect(fields.pop("User-Agent").startswith("mta-sts/"),
                     "User-Agent")
        check.equal(fields, ASKED, "fields")


for _does in ("well", "cache", "no-store", "cookie", "hsts", "alt-svc",
              "refresh", "length-open"):
    check.add(f"asks_plainly_{_does}", asks_plainly, "split", _does)


@check.case()
def names_the_host_by_sni(world, machine):
    """What serves these hosts knows no other name; none may be tried."""
    binding.delivered(world, machine, DOMAIN)
    check.equal(world.web.events("WRONG-NAME"), [], "other names")
    check.equal([entry["alpn"] for entry in world.web.events("TLS", DOMAIN)],
                [None], "protocol by ALPN")


@check.case()
def silent_address_does_not_use_up_the_time(world, machine):
    """With a second for all, the address that answers is reached."""
    machine.setting("timeout", "1s")
    domain = domains.BY_NAME["web-one-silent"]
    got = binding.honest(world, machine, domain)
    check.expect(domain.ours.host in got.log, got.log)
