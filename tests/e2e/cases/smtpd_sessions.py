# SPDX-License-Identifier: ISC
"""What smtpd shares between mail that is under a policy and mail that is not:
connections, and what it remembers of an action."""
import check
import domains
import net
import outcome
import space

STRICT = domains.BY_NAME["tenant-strict"]  # enforced, and ...
LENDER = domains.BY_NAME["provider"]  # ... this domain's host is its MX
HOST = "mx.provider.example"
LENDS = (7,)  # since when a relay does not know if it is to verify
LOCAL = 'match for local action "local"\n'


def before_all_rules(machine, text):
    """Put TEXT where smtpd.conf's first rule is."""
    machine.change(LOCAL, text + LOCAL)


def attempt(world, machine, recipient, host):
    """RCPTs in the first session with HOST that could take a message to
    RECIPIENT, or had its end meanwhile.  smtpd itself takes half a minute to
    say that an attempt failed."""
    mark = world.mark()
    machine.submit(recipient)

    def over():
        events = world.events(mark, host=host)
        begun = {entry["id"] for entry in events
                 if entry["event"] == "CONNECT"}
        done = [entry for entry in events if entry["event"] == "DATA" or
                entry["event"] == "CLOSE" and entry["id"] in begun]
        return events if done else None
    return [entry["line"] for entry in space.wait_for("a session", over, 20)
            if entry["event"] == "RCPT"]


def lend(world, machine):
    """Have a session with HOST that nobody verified, and mail to STRICT that
    it could take: RCPTs of that."""
    before_all_rules(machine, f"""\
action "other" relay host "smtp+tls://{HOST}" tls no-verify
match from local for domain "{LENDER.zone}" action "other"
""")
    got = outcome.deliver(world, machine, LENDER.recipient)
    check.equal((got.what, got.host), ("unverified", HOST), "other mail")
    return attempt(world, machine, STRICT.recipient, HOST)


@check.case("simple")
def session_is_lent_without_a_label(world, machine):
    """The hole that the label is for; smtpd's own, not ours."""
    machine.change(' ca "mta-sts" filter', " filter")
    check.equal(bool(lend(world, machine)), machine.version() >= LENDS,
                "is a session lent?")


def not_lent(world, machine):
    check.equal(lend(world, machine), [], "mail under a policy")


for _layout in "simple", "stage":
    check.add(f"{_layout}_session_is_not_lent", not_lent, _layout)


def delivered(world, machine, name):
    domain = domains.BY_NAME[name]
    got = outcome.deliver(world, machine, domain.recipient)
    why = outcome.complaint(got, domain.ours, domain, domain.binds)
    check.expect(why is None, f"{name}: {why}")


@check.case("bare")
def tls_is_sticky(world, machine):
    """One action for both kinds of mail: the first URL that demands TLS
    binds all that come later (why the layouts have two)."""
    machine.change(LOCAL, LOCAL + """\
table hosts { "good.example" = "smtp+tls://mx.good.example", \
    "no-policy.example" = "smtp://mx.no-policy.example" }
action "one" relay domain <hosts>
match from local for domain "good.example" action "one"
match from local for domain "no-policy.example" action "one"
""")
    delivered(world, machine, "no-policy")
    delivered(world, machine, "good")
    taken = attempt(world, machine, "carol@no-policy.example",
                    "mx.no-policy.example")
    check.equal(taken == [], machine.version() >= LENDS, "is TLS sticky?")


def tls_is_not_sticky(world, machine):
    """Nor does mail without TLS come in the way of any under a policy."""
    for name in ("no-policy", "good", "no-policy", "two-mx"):
        delivered(world, machine, name)


for _layout in "simple", "stage":
    check.add(f"{_layout}_tls_is_not_sticky", tls_is_not_sticky, _layout)


def four_at_once(world, machine):
    """Two hosts of one preference: one of them, and always the same."""
    domain = domains.BY_NAME["same-preference"]
    world.web.serve(domain, domain.policy(["a", "b"]))
    hosts = set()
    for turn in range(3):
        mark = world.mark()
        machine.send(*[f"{name}{turn}@{domain.zone}" for name in "abcd"])
        check.equal(machine.queue(), [], "queue")
        taken = world.events(mark, "DATA")
        check.equal(len(taken), 1, "transactions")
        check.equal(len(world.events(mark, "RCPT")), 4, "recipients")
        hosts.add(taken[0]["host"])
    check.equal(len(hosts), 1, "hosts")


for _layout in "simple", "stage":
    check.add(f"{_layout}_four_recipients_at_once", four_at_once, _layout)


def literal(world, machine):
    """An address literal has no policy and no name to verify."""
    address, _ = domains.ADDRESSES["mx.no-policy.example"]
    got = outcome.deliver(world, machine, f"bob@[{address}]")
    check.equal((got.what, got.host), ("clear", "mx.no-policy.example"),
                got.log)


def own(world, machine):
    """Mail to this machine is not for DNS or policies to judge."""
    mark = machine.mark()
    machine.person("carol")
    machine.send(f"carol@{net.SENDER}")
    check.equal(machine.queue(), [], "queue")
    log = machine.log()[mark:]
    check.expect("result=Ok stat=Delivered" in log, log)


for _layout in "simple", "stage":
    check.add(f"{_layout}_address_literal", literal, _layout)
    check.add(f"{_layout}_own_domain", own, _layout)
