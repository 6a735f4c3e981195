# SPDX-License-Identifier: ISC
"""Mail that goes out whatever policy there is: our own TLS reports, and what
is marked "TLS-Required: No" where the site allows it (RFC 8689).

All that only looks like it is mail like any other, and waits.
"""
import contextlib
import os
import signal
import sys

import check
import domains
import exim
import net
import outcome
import report
import space
from cases.config import site
from cases.smtpd_journal import journal

BAD = domains.BY_NAME["wrong-name"]
GOOD = domains.BY_NAME["good"]
TO = BAD.recipient
NO = "TLS-Required: No"
PORT = 2525
PIDFILE = "/run/smtp-test.pid"
AUTH = ("/etc/exim4/conf.d/auth/99_site", """\
site:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = yes
  server_set_id = $auth2
""")
ALIASES = f"forward: {TO}\n"


def counted(machine, domain):
    """Sessions in the journal for DOMAIN."""
    if not machine.state("journal").exists():
        return 0
    return len(journal(machine)[domain.zone])


@contextlib.contextmanager
def alias(machine):
    """MACHINE with an address that leads to TO."""
    aliases = machine.file("/etc/aliases")
    before = aliases.read_text() if aliases.exists() else ""
    aliases.write_text(before + ALIASES)
    try:
        yield f"forward@{net.SENDER}"
    finally:
        aliases.write_text(before)


@contextlib.contextmanager
def listening(world, machine):
    """MACHINE's Exim takes mail by SMTP, and delivers it at once."""
    machine.run("exim4", "-bd", "-odi", "-oX", str(PORT), "-oP", PIDFILE)
    space.wait_for("Exim to listen", lambda: world.listening("sender", PORT))
    pid = int(machine.file(PIDFILE).read_text())
    try:
        yield
    finally:
        os.kill(pid, signal.SIGTERM)
        space.wait_for("Exim to end",
                       lambda: not world.listening("sender", PORT))


TALK = f"""\
import smtplib, sys
sender, to, login = sys.argv[1:4]
with smtplib.SMTP("127.0.0.1", {PORT}, "client.example", 60) as smtp:
    if login:
        smtp.login("user", "word")
    smtp.sendmail(sender, [to], sys.stdin.read())
"""


def by_smtp(world, machine, address, *fields, login=""):
    """The message comes in by SMTP; wait until only the listener is left."""
    world.run("sender", None, sys.executable, "-c", TALK, report.FROM,
              address, login, input=report.message(address, *fields))
    space.wait_for("the delivery", lambda: machine.run(
        "pgrep", "-cx", "exim4").stdout.strip() == "1", 60)


def arrives(world, machine, domain, action, what=None):
    """After ACTION mail to DOMAIN is there, and nothing was counted."""
    before = counted(machine, domain)
    got = outcome.watch(world, machine, action)
    check.expect(got.host is not None, f"{got}\n{got.log}\n")
    check.expect("T=remote_smtp_mtasts_pass" in got.log, got.log)
    check.equal(got.what, what or got.what, got.log)
    check.equal(got.panic, "", "panic log")
    check.equal(counted(machine, domain), before, "sessions counted")


def waits(world, machine, action):
    """After ACTION mail to TO waits, and nobody was told of it."""
    got = outcome.watch(world, machine, action)
    check.equal((got.what, got.rcpts), ("deferred", []), got.log)
    check.equal(got.panic, "", "panic log")
    machine.empty()


# -- reports -----------------------------------------------------------------

def report_arrives(world, machine, domain, what):
    """Though mail to DOMAIN waits, and is counted."""
    got = outcome.deliver(world, machine, f"alice@{domain.zone}")
    check.equal(got.what, "deferred", got.log)
    report.expect(machine, domain.recipient)
    arrives(world, machine, domain,
            lambda: report.submit(machine, domain.recipient, NO), what)


for _name, _what in {"wrong-name": "unverified", "expired": "unverified",
                     "unknown-ca": "unverified", "stripped": "clear",
                     "454": "clear", "close-handshake": "clear",
                     "outside": None, "dane-bad": None}.items():
    check.add(f"report_to_{_name}", report_arrives, "split",
              domains.BY_NAME[_name], _what)
check.add("report_to_wrong-name_single", report_arrives, "single", BAD,
          "unverified")


@check.case()
def report_goes_over_tls_where_it_can(world, machine):
    report.expect(machine, GOOD.recipient)
    arrives(world, machine, GOOD,
            lambda: report.submit(machine, GOOD.recipient))
    check.equal(world.events(0, "RCPT")[-1]["tls"], "TLSv1.3", "TLS")


DKIM = f"""\
DKIM_DOMAIN = {net.SENDER}
DKIM_SELECTOR = test
DKIM_PRIVATE_KEY = /etc/exim4/dkim.key
DKIM_STRICT = true
DKIM_SIGN_HEADERS = _DKIM_SIGN_HEADERS:TLS-Report-Domain:TLS-Report-Submitter
"""


@check.case()
def report_is_signed_as_other_mail(world, machine):
    """Its own fields are, beside those that Exim signs; else it waits."""
    key = machine.file("/etc/exim4/dkim.key")
    machine.run("sh", "-c", "openssl genrsa -out /etc/exim4/dkim.key 2048"
                " && chmod 644 /etc/exim4/dkim.key")
    report.expect(machine, TO)
    with site(machine, DKIM):
        shown = machine.run("exim4", "-bP", "transport",
                            "remote_smtp_mtasts_pass").stdout
        check.expect("dkim_sign_headers = From:" in shown and
                     ":TLS-Report-Domain:TLS-Report-Submitter\n" in shown,
                     shown)
        mark = world.mark()
        report.submit(machine, TO)
        taken = world.events(mark, "DATA")[0]
        check.expect("DKIM-Signature" in taken["header"], "not signed")
        key.unlink()
        mark = world.mark()
        report.submit(machine, TO)
        check.equal(world.events(mark, "DATA"), [], "sent without a signature")
        check.equal(machine.queue(), [TO], "queue")


@check.case()
def no_other_mail_is_a_report(world, machine):
    """The envelope is forged, or leads elsewhere than it says."""
    report.expect(machine, TO)
    waits(world, machine,
          lambda: report.submit(machine, TO, NO, user="nobody"))
    waits(world, machine,
          lambda: report.submit(machine, f"x@{BAD.zone}", NO))
    waits(world, machine, lambda: machine.run(
        "setpriv", f"--reuid={machine.user}", "--clear-groups", "exim4",
        "-odi", "-t", "-i", "-f", f"x@{net.SENDER}",
        input=report.message(TO, NO)))
    waits(world, machine, lambda: machine.run(
        "setpriv", f"--reuid={machine.user}", "--clear-groups", "exim4",
        "-odi", "-bs", input="\r\n".join([
            "EHLO x", f"MAIL FROM:<{report.FROM}>", f"RCPT TO:<{TO}>",
            "DATA", NO, "", "x", ".", "QUIT", ""])))


@check.case()
def no_report_by_way_of_smtp(world, machine):
    """Exim that takes mail from outside runs as the owner of the state."""
    report.expect(machine, TO)
    with listening(world, machine), alias(machine) as forward:
        for address in (TO, forward):
            waits(world, machine, lambda: by_smtp(world, machine, address, NO))


@check.case()
def no_report_by_way_of_an_alias(world, machine):
    report.expect(machine, TO)
    with alias(machine) as forward:
        report.expect(machine, forward)
        waits(world, machine, lambda: report.submit(machine, forward, NO))


@check.case()
def report_waits_without_the_module(world, machine):
    report.expect(machine, TO)
    machine.file(exim.MODULE).unlink()
    got = outcome.watch(world, machine, lambda: report.submit(machine, TO))
    check.equal((got.what, got.met), ("deferred", set()), got.log)
    machine.restore(exim.MODULE)
    arrives(world, machine, BAD, machine.run_queue)


# -- TLS-Required: No --------------------------------------------------------

def ask(machine, *fields, address=TO):
    """A local user submits a message with header FIELDS."""
    report.submit(machine, address, *fields, user="nobody")


@check.case()
def tls_required_no_is_not_honoured_unless_configured(world, machine):
    waits(world, machine, lambda: ask(machine, NO))
    machine.setting("tls-required-no", "yes")
    arrives(world, machine, BAD, lambda: ask(machine, NO), "unverified")


SPELLINGS = (NO, "tls-required: no", "TLS-REQUIRED:NO", "TLS-Required:\n No",
             "TLS-Required:\tNo ")
OTHERS = ("", "TLS-Required: Yes", "TLS-Required: None", "TLS-Required:",
          "TLS-Required: No (please)", "TLS-Required: No, No",
          "TLS-Required: No\n No", "X-TLS-Required: No", "Subject: No",
          f"{NO}\n{NO}", f"{NO}\nTLS-Required: Yes", f"{NO}\nTLS-Required:",
          "TLS-Required: No:")


@check.case()
def tls_required_no_in_every_spelling(world, machine):
    machine.setting("tls-required-no", "yes")
    for field in SPELLINGS:
        arrives(world, machine, BAD, lambda: ask(machine, field))
    for field in OTHERS:
        waits(world, machine, lambda: ask(machine, field or "X-None: x"))


@check.case()
def tls_required_no_still_tries_tls(world, machine):
    machine.setting("tls-required-no", "yes")
    arrives(world, machine, GOOD,
            lambda: ask(machine, NO, address=GOOD.recipient))
    check.equal(world.events(0, "RCPT")[-1]["tls"], "TLSv1.3", "TLS")


@check.case()
def tls_required_no_is_for_who_submits(world, machine):
    """By SMTP that is who authenticates, and nobody by way of an alias."""
    machine.setting("tls-required-no", "yes")
    with site(machine, files=[AUTH]), alias(machine) as forward:
        with listening(world, machine):
            waits(world, machine, lambda: by_smtp(world, machine, TO, NO))
            arrives(world, machine, BAD,
                    lambda: by_smtp(world, machine, TO, NO, login="yes"))
            for login in ("", "yes"):
                waits(world, machine, lambda: by_smtp(
                    world, machine, forward, NO, login=login))
        waits(world, machine, lambda: ask(machine, NO, address=forward))
