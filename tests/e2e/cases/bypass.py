# SPDX-License-Identifier: ISC
"""Ways round a policy: what somebody who sends, receives or has an account
here may try, and what a site's own configuration does.

Judged by the receivers: mail to a domain under attack must not be there.
"""
import contextlib

import check
import domains
import net
import outcome
from binding import EVIL, GOOD
from cases.config import site
from cases.reuse import HOST, STOLEN, THIEF, got_nothing, queued, rcpts, \
    takers

ACL = "/etc/exim4/conf.d/acl/99_site"
OUTSIDE, FREE, CROOK = (
    domains.BY_NAME[name] for name in
    ("outside", "no-policy", "wildcard"))
BROKEN = ("outside", "wrong-name", "stripped", "tenant-strict")
FORGED = {"name": GOOD.zone, "type": "MX", "do": "forge",
          "with": [[10, EVIL]]}


def acl(machine, text, macros=""):
    """MACHINE with TEXT as the ACL for RCPT, and more MACROS."""
    return site(machine, f"MAIN_ACL_CHECK_RCPT = acl_site\n{macros}",
                [(ACL, "acl_site:\n" + text)])


def dialogue(machine, *to, sender=f"alice@{net.SENDER}", options=()):
    """Submit a message in an SMTP session; Exim's answers."""
    lines = [f"EHLO {net.SENDER}", f"MAIL FROM:<{sender}>"]
    lines += [f"RCPT TO:<{address}>" for address in to]
    lines += ["DATA", "Subject: x", "", "x", ".", "QUIT", ""]
    return machine.run("exim4", "-odi", *options, "-bs",
                       input="\r\n".join(lines), check=False).stdout


# -- verification and callouts --------------------------------------------

CALLOUT = "verify = recipient/callout=20s,use_sender"


@check.case()
def cutthrough_joins_no_two_domains(world, machine):
    """Exim would, where the two have an MX of the same address.

    Signing prevents it.  A domain out of the header is empty until DATA.
    """
    for domain in ("", "DKIM_DOMAIN = ${domain:$h_from:}\n"):
        with acl(machine, f"  accept control = cutthrough_delivery\n"
                 f"    {CALLOUT}\n", domain), world.lying(*STOLEN):
            mark = world.mark()
            said = dialogue(machine, f"x@{CROOK.zone}", f"bob@{GOOD.zone}")
            got_nothing(world, mark, GOOD.zone)
            check.equal(takers(world, mark, CROOK.zone), [THIEF], said)


@check.case()
def cutthrough_is_for_other_mail(world, machine):
    """Mail without a policy keeps it; what has one is queued as ever."""
    with acl(machine, f"  accept control = cutthrough_delivery\n"
             f"    {CALLOUT}\n"):
        for domain, sign in ((FREE, ">>"), (GOOD, "=>")):
            mark = world.mark()
            said = dialogue(machine, f"bob@{domain.zone}")
            check.equal(len(takers(world, mark, domain.zone)), 1, said)
            check.expect(f"{sign} bob@{domain.zone}" in machine.log(),
                         machine.log())
        mark = world.mark()
        dialogue(machine, f"bob@{FREE.zone}", *(
            f"bob@{domains.BY_NAME[name].zone}" for name in BROKEN))
        check.equal(rcpts(world.events(mark)), {FREE.zone}, "RCPTs")


@check.case()
def callout_obeys_the_policy(world, machine):
    """No RCPT at a forbidden host, however the ACL asks.

    The option defer_ok is for callouts only: OUTSIDE has no host to call.
    """
    for more in ("", ",use_sender", ",use_postmaster", ",random", ",defer_ok"):
        with acl(machine, "  accept verify = recipient/callout=20s,no_cache"
                 f"{more}\n"):
            for name in BROKEN:
                machine.empty()
                mark = world.mark()
                said = dialogue(machine, f"bob@{domains.BY_NAME[name].zone}")
                taken = more == ",defer_ok" and name != OUTSIDE.name
                check.equal("\n451" not in said, taken, name + more + said)
                check.equal(world.events(mark, "RCPT"), [], name + more)


@check.case()
def callout_of_a_sender_obeys_the_policy(world, machine):
    """Also where Exim asks whether the sender could get a bounce."""
    with acl(machine, "  accept verify = sender/callout=20s,no_cache\n"):
        for name in BROKEN:
            mark = world.mark()
            said = dialogue(machine, f"bob@{FREE.zone}",
                            sender=f"x@{domains.BY_NAME[name].zone}")
            check.expect("\n451" in said, f"{name}: {said}")
            check.equal(world.events(mark, "RCPT"), [], name)


# -- queue runs -------------------------------------------------------------

@check.case()
def no_queue_run_delivers_to_the_attacker(world, machine):
    world.lie(FORGED)
    mark = world.mark()
    first = queued(machine, f"bob@{GOOD.zone}", f"bob@{FREE.zone}")
    for options in (("-q",), ("-qq",), ("-qf",), ("-qff",), ("-qqff",),
                    ("-R", GOOD.zone), ("-Rff", GOOD.zone),
                    ("-S", net.SENDER), ("-M", first), ("-Mc", first)):
        queued(machine, f"bob@{GOOD.zone}")
        machine.run("exim4", *options)
    queued(machine, f"bob@{GOOD.zone}")
    machine.run("sh", "-c", "for i in 1 2 3 4 5 6; do exim4 -qff & done;"
                " wait", timeout=80)
    got_nothing(world, mark, GOOD.zone)
    check.equal(set(machine.queue()), {f"bob@{GOOD.zone}"}, "queue")
    check.equal(len(takers(world, mark, FREE.zone)), 1, "copies")


@check.case()
def first_five_hosts_may_fail(world, machine):
    """Hosts outside the policy do not use up hosts_max_try."""
    names = [[n, EVIL if n < 9 else HOST] for n in range(1, 10)]
    world.lie(dict(FORGED, **{"with": names}))
    mark = world.mark()
    machine.send(f"bob@{GOOD.zone}")
    got_nothing(world, mark, GOOD.zone)
    check.equal(takers(world, mark, GOOD.zone), [HOST], machine.log())


# -- mail that is forwarded ------------------------------------------------

ALIASES = f"""\
one: bob@{GOOD.zone}
many: bob@{GOOD.zone}, bob@{FREE.zone}, one
listed: :include:/etc/list
"""
FORWARDS = {
    "simple": f"bob@{GOOD.zone}\n",
    "upper": f"\\bob@{GOOD.zone.upper()}\n",
    "included": ":include:/etc/list\n",
    "pipe": f'"|/usr/sbin/exim4 -odi bob@{GOOD.zone}"\n',
    "copy": f"\\copy, bob@{GOOD.zone}\n",
    "filter": f"# Exim filter\nunseen deliver bob2@{GOOD.zone}\n"
              f"deliver bob@{GOOD.zone}\n",
    "reply": f"# Exim filter\nmail to bob@{GOOD.zone} text hello\n",
}
ROUTERS = """\
once:
  driver = redirect
  domains = +local_domains
  local_parts = once
  data = bob@{0}, bob2@{0}
  one_time
unseen:
  driver = redirect
  domains = +local_domains
  local_parts = unseen
  data = bob@{0}
  unseen
beside:
  driver = redirect
  domains = +local_domains
  local_parts = unseen
  data = bob@{1}
""".format(GOOD.zone, FREE.zone)


@contextlib.contextmanager
def forwarding(machine):
    """MACHINE with every way to send mail on."""
    aliases = machine.file("/etc/aliases")
    before = aliases.read_text() if aliases.exists() else ""
    machine.file("/etc/list").write_text(f"bob@{GOOD.zone}\n")
    for user, text in FORWARDS.items():
        machine.run("useradd", "-m", "-d", f"/srv/{user}", user)
        machine.file(f"/srv/{user}/.forward").write_text(text)
        machine.run("chown", f"{user}:", f"/srv/{user}/.forward")
    aliases.write_text(before + ALIASES)
    try:
        with site(machine, files=[
                ("/etc/exim4/conf.d/router/160_site", ROUTERS)]):
            yield
    finally:
        aliases.write_text(before)
        for user in FORWARDS:
            machine.run("userdel", "-r", user, check=False)


WAYS = ("one", "many", "listed", "once", "unseen", *FORWARDS)
REPLACED = ("once", "pipe", "reply")  # by another recipient or message


@check.case()
def forwarded_mail_is_not_exempt(world, machine):
    with forwarding(machine):
        mark = world.mark()
        with world.lying(FORGED):
            machine.send(*(f"{way}@{net.SENDER}" for way in WAYS))
            machine.run_queue()
        check.equal(len(takers(world, mark, FREE.zone)), 1, machine.log())
        left = set(machine.queue())
        check.equal(left, {f"bob@{GOOD.zone}", f"bob2@{GOOD.zone}"} |
                    {f"{way}@{net.SENDER}" for way in WAYS
                     if way not in REPLACED}, "queue")
        machine.run_queue()
        check.equal(machine.queue(), [], f"queue\n{machine.log()}\n")
        got_nothing(world, mark, GOOD.zone)
        check.equal(set(takers(world, mark, GOOD.zone)), {HOST}, "hosts")


# -- what a message pretends -----------------------------------------------

PRETEXTS = f"""\
Received: from {net.SENDER} ([127.0.0.1]) by {net.SENDER} with local
TLS-Required: No
REQUIRETLS: no
Auto-Submitted: auto-generated
TLS-Report-Domain: {GOOD.zone}
TLS-Report-Submitter: {net.SENDER}
Content-Type: multipart/report; report-type=tlsrpt
X-MTA-STS: none
Subject: Report Domain: {GOOD.zone} Submitter: {net.SENDER}

x
"""
SPELLINGS = (
    f"bob@{GOOD.zone.upper()}", f'"bob;x"@{GOOD.zone}',
    f'"bob@elsewhere.example"@{GOOD.zone}', f"@{FREE.zone}:bob@{GOOD.zone}",
    f"@{FREE.zone},@{OUTSIDE.zone}:bob@{GOOD.zone}",
    f"bob%{FREE.zone}@{GOOD.zone}",
    f"${{domain}}@{GOOD.zone}", f"{{bob}}@{GOOD.zone}",
)
NO_ADDRESSES = (
    f"bob+[5.75.72.9]@{GOOD.zone}", f"bob@.{GOOD.zone}",
    f"bob@{GOOD.zone}.", f"bob@{GOOD.zone}..",
    f"bob@{GOOD.zone}\\", f"bob@{GOOD.zone}}}{{x", f"bob@{GOOD.zone},x",
    f"bob@{GOOD.zone};x", f"bob@{GOOD.zone}$x", f"bob@{GOOD.zone}:25",
    f"bob@{GOOD.zone}/x", f"bob@[{domains.ADDRESSES[EVIL][0]}]",
    f"bob@{domains.ADDRESSES[EVIL][0]}", f"bob@sub.{GOOD.zone}",
    "bob@${run{/usr/bin/touch /tmp/ran}}.example",
    f"bob@{'a.' * 120}{GOOD.zone}", f"bob@{'a' * 64}.{GOOD.zone}",
    f"bob@g\u00f6od.{GOOD.zone}", "bob@\uff47ood.example",
    f"bob@{GOOD.zone}\x01", "bob@good", "bob@a_b.example", "bob@-.example",
)


@check.case()
def nothing_in_a_message_excuses_it(world, machine):
    world.lie(FORGED)
    mark = world.mark()
    for options in ((f"bob@{GOOD.zone}",), ("-f", "<>", f"bob@{GOOD.zone}"),
                    ("-oMa", "127.0.0.1", f"bob@{GOOD.zone}"), ("-t",)):
        machine.run("exim4", "-odi", *options,
                    input=f"Bcc: bob@{GOOD.zone}\n{PRETEXTS}", timeout=60)
    check.equal(machine.queue(), [f"bob@{GOOD.zone}"] * 4, "queue")
    got_nothing(world, mark, GOOD.zone)


@check.case()
def no_spelling_escapes(world, machine):
    """Others may be no address at all; none reaches the attacker."""
    world.lie(FORGED)
    mark = world.mark()
    for address in SPELLINGS:
        dialogue(machine, address)
    check.equal(len(machine.queue()), len(SPELLINGS),
                f"{machine.queue()}\n{machine.log()}\n")
    for address in NO_ADDRESSES:
        dialogue(machine, address)
        machine.run("exim4", "-odi", address, input="x\n", check=False)
    check.equal(world.events(mark, "CONNECT", EVIL), [], "attacker met")
    check.equal(world.events(mark, "RCPT"), [], "RCPTs")
    check.expect(not machine.file("/tmp/ran").exists(), "was expanded")
    check.equal(machine.panic(), "", "panic log")


@check.case()
def short_name_is_completed_before_it_is_asked_about(world, machine):
    """dnslookup's qualify_single, with a search list in resolv.conf."""
    resolv = machine.file("/etc/resolv.conf")
    before = resolv.read_text()
    resolv.write_text(f"search {net.TLD}\n{before}")
    try:
        for lies, host in (([FORGED], None), ([], HOST)):
            machine.empty()
            with world.lying(*lies):
                got = outcome.deliver(world, machine, "bob@good")
            check.equal(got.host, host, got.log)
            check.expect("R=mtasts" in got.log, got.log)
            check.expect(EVIL not in got.met, got.log)
    finally:
        resolv.write_text(before)


@check.case()
def bounce_obeys_the_policy(world, machine):
    """A message of Exim's own, to a sender who is under attack."""
    world.lie(FORGED)
    mark = world.mark()
    machine.run("exim4", "-odi", "-f", f"bob@{GOOD.zone}",
                f"nobody-here@{net.SENDER}", input="x\n", check=False)
    machine.run_queue()
    got_nothing(world, mark, GOOD.zone)
    check.equal(machine.queue(), [f"bob@{GOOD.zone}"],
                f"queue\n{machine.log()}\n")


# -- forged names of mail hosts ---------------------------------------------

NAMES = (f"{HOST}.evil.example", f"mx.{HOST}", GOOD.zone, "localhost",
         "localhost.localdomain", net.SENDER, domains.ADDRESSES[EVIL][0],
         f"[{domains.ADDRESSES[EVIL][0]}]", f"*.{GOOD.zone}", "",
         f"mx;{EVIL}", f"mx:{GOOD.zone}", f"{{x}}.{GOOD.zone}",
         f"${{host}}.{GOOD.zone}", f"a b.{GOOD.zone}", f"mx\n.{GOOD.zone}",
         "mx-good.example", EVIL.upper())


@check.case()
def no_name_of_a_host_is_believed(world, machine):
    mark = world.mark()
    for name in NAMES:
        with world.lying(dict(FORGED, **{"with": [[10, name]]})):
            machine.send(f"bob@{GOOD.zone}")
    check.equal(machine.queue(), [f"bob@{GOOD.zone}"] * len(NAMES),
                f"queue\n{machine.log()}\n")
    check.equal(world.events(mark), [], "met")


# -- local users ------------------------------------------------------------

@check.case()
def users_cannot_ask_exim_for_it(world, machine):
    """Options that would change how mail in the queue is delivered."""
    world.lie(FORGED)
    mark = world.mark()
    message = queued(machine, f"bob@{GOOD.zone}")
    for options in (("-MC", "remote_smtp", EVIL,
                     domains.ADDRESSES[EVIL][0], "1", message),
                    ("-MCT", "-MC", "remote_smtp_mtasts", EVIL,
                     domains.ADDRESSES[EVIL][0], "1", message),
                    ("-M", message), ("-Mar", message, "x@y.example"),
                    ("-Mt", message), ("-Mg", message), ("-Mrm", message),
                    ("-qff",)):
        machine.run("setpriv", "--reuid=nobody", "--regid=nogroup",
                    "--clear-groups", "/usr/sbin/exim4", *options,
                    input="x\n", check=False)
    check.equal(world.events(mark, "RCPT"), [], "RCPTs")
    check.equal(world.events(mark, "CONNECT", EVIL), [], "attacker met")
    check.expect(f"bob@{GOOD.zone}" in machine.queue(), "message lost")


# -- what the site says itself ----------------------------------------------

@check.case()
def settings_of_remote_smtp_are_for_other_mail(world, machine):
    """Hosts of the site's own choice, and several domains at once."""
    text = f"""\
  hosts = {EVIL}
  hosts_override
  fallback_hosts = {EVIL}
  max_rcpt = 50
"""
    with site(machine, files=[("/etc/exim4/conf.d/transport/"
                               "30_exim4-config_remote_smtp-z", text)]):
        mark = world.mark()
        machine.send(f"a@{GOOD.zone}", f"b@{GOOD.zone}", f"bob@{FREE.zone}",
                     f"bob@{OUTSIDE.zone}")
        got_nothing(world, mark, GOOD.zone, OUTSIDE.zone)
        check.equal(set(takers(world, mark, GOOD.zone)), {HOST},
                    machine.log())
        check.equal(takers(world, mark, FREE.zone), [EVIL], "no policy")


@check.case()
def static_route_of_the_site_comes_first(world, machine):
    """Debian's hubbed_hosts: the operator names the host, no policy asked."""
    with site(machine, files=[("/etc/exim4/hubbed_hosts",
                               f"{OUTSIDE.zone}: mx.{OUTSIDE.zone}\n")]):
        route = machine.route(f"bob@{OUTSIDE.zone}")
        check.expect("router = hubbed_hosts" in route, route)
        mark = world.mark()
        machine.send(f"bob@{OUTSIDE.zone}")
        check.equal(takers(world, mark, OUTSIDE.zone),
                    [f"mx.{OUTSIDE.zone}"], machine.log())
        check.equal(world.web.requests(OUTSIDE), [], "policy fetches")
