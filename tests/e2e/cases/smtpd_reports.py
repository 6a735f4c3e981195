# SPDX-License-Identifier: ISC
"""TLS reports of this machine, handed over as "mta-sts report" does: they go
out in spite of a policy, are not counted, and nothing else passes for one."""
import re
import smtplib
import time

import check
import dkim
import domains
import net
import outcome
import space
from cases.smtpd_journal import LOCAL, journal
from cases.smtpd_mail import alias
from machine import MESSAGE
from siphash import checksum

BROKEN = domains.BY_NAME["wrong-name"]  # enforced, and mail to it waits
HOST = BROKEN.full("mx")
RUA = f"reports@{BROKEN.zone}"
FROM = "tls-reports@example.org"  # in the shipped smtpd.conf
RULES = re.compile(r'^# (?=(?:ca|action|match from socket) .*report)', re.M)
RESULTS = {"good": "success", "report-only": "starttls-not-supported"}
LIFE = 8 * 86400  # seconds that a report is expected
HANDOVER = 300  # of those, while it may be handed over


def expect_report(machine, address, age=0):
    """As "mta-sts report" does AGE seconds before it hands one over."""
    end = int(time.time()) - age + LIFE
    folder = machine.state("reports/expected")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{checksum(address.encode()):016x}").write_text(
        f"{address} {end}\n")
    machine.run("chown", "-R", f"{machine.user}:",
                f"{machine.folder}/reports")


def prepare(machine):
    """Reports are on."""
    machine.setting("report-from", FROM)
    conf = machine.file("/etc/smtpd.conf")
    text, count = RULES.subn("", conf.read_text())
    check.equal(count, 3, "lines for reports")
    conf.write_text(text)
    machine.restart()


def hand_over(machine, user, to=RUA, sender=FROM, text=MESSAGE):
    """A message from USER by sendmail."""
    machine.run("setpriv", f"--reuid={user}", "--clear-groups", "sendmail",
                "-t", "-i", "-f", sender, input=f"To: {to}\n{text}")


def report(world, machine, user=None, **options):
    """What becomes of one."""
    def send():
        mark = machine.mark()
        hand_over(machine, user or machine.user, **options)
        machine.settle(mark)
    return outcome.watch(world, machine, send)


def waits(got):
    check.equal((got.what, got.rcpts), ("deferred", []), got.log)


def arrives(world, machine):
    """At a host with the wrong certificate, at once; what anybody else sends
    there waits."""
    prepare(machine)
    expect_report(machine, RUA)
    got = report(world, machine)
    check.equal((got.what, got.host, len(got.rcpts)), ("unverified", HOST, 1),
                got.log)
    check.expect(" relay=\"127.0.0.1 " not in got.log, "it took the hop")
    waits(outcome.deliver(world, machine, BROKEN.recipient))


def not_counted(world, machine):
    """Nor is a session of other mail used for it, which is counted, or the
    other way round."""
    prepare(machine)
    for name, result in RESULTS.items():
        domain = domains.BY_NAME[name]
        rua = f"reports@{domain.zone}"
        expect_report(machine, rua)
        mark = world.mark()
        report(world, machine, to=rua)
        machine.send(domain.recipient)
        report(world, machine, to=rua)
        check.equal(len({event["id"] for event in world.events(mark, "RCPT")}),
                    2, f"sessions with {name}")
        check.equal([record["result"] for record in
                     journal(machine)[domain.zone]], [result], name)


def known(world, machine):
    """Mail to an alias is refused while the domain behind it is unknown."""
    waits(outcome.deliver(world, machine, BROKEN.recipient))
    machine.empty()


def by_smtp(world, machine, host, to):
    """What becomes of a message that says it is one, to port 25."""
    def send():
        machine.start()
        mark = machine.mark()
        with world.network("sender"), smtplib.SMTP(host) as client:
            client.sendmail(FROM, to, MESSAGE)
        machine.settle(mark)
    return outcome.watch(world, machine, send)


def not_by_smtp(world, machine):
    """From this machine to the address itself."""
    prepare(machine)
    expect_report(machine, RUA)
    waits(by_smtp(world, machine, "127.0.0.1", RUA))


def not_from_outside(world, machine):
    """To an alias that leads to the address."""
    prepare(machine)
    machine.change("listen on localhost", "listen on 0.0.0.0")
    machine.change(LOCAL, f'{LOCAL}match from any for domain "{net.SENDER}"'
                   ' action "local"\n')
    known(world, machine)
    leading = alias(machine, "erin", RUA)
    expect_report(machine, RUA)
    waits(by_smtp(world, machine, net.SENDER_V4, leading))


def not_otherwise(world, machine):
    """By way of an alias, of another sender, to somebody else there."""
    prepare(machine)
    known(world, machine)
    leading = alias(machine, "erin", RUA)
    expect_report(machine, RUA)
    for options in {"to": leading}, {"sender": f"alice@{net.SENDER}"}, \
            {"to": BROKEN.recipient}:
        machine.start()
        waits(report(world, machine, **options))
        machine.empty()


def not_later(world, machine):
    """Nor by any other user here, once it has been handed over."""
    prepare(machine)
    for age in HANDOVER + 1, -2 * HANDOVER:
        machine.start()
        expect_report(machine, RUA, age)
        waits(report(world, machine, user="nobody"))
        machine.empty()

# -- signed ------------------------------------------------------------------

SIGNER = "/usr/libexec/opensmtpd/filter-dkimsign"
KEY = "/etc/mail/dkim/mail.key"
FILTER = re.compile(r'^# (?=filter "dkim")', re.M)
LISTEN = re.compile(r'with "(listen on socket .*)" below')
REPORT = f"""\
From: {FROM}
Subject: Report Domain: {BROKEN.zone}
 Submitter: example.org
TLS-Report-Domain: {BROKEN.zone}
TLS-Report-Submitter: example.org
MIME-Version: 1.0
Content-Type: text/plain

One  line,
.and one more.

"""


def signs(machine):
    """As the comments in smtpd.conf say."""
    folder = KEY.rsplit("/", 1)[0]
    machine.run("install", "-d", "-m", "770", "-o", "_dkimsign", folder)
    machine.run("openssl", "genrsa", "-out", KEY, "2048")
    machine.run("openssl", "rsa", "-in", KEY, "-pubout", "-out",
                KEY + ".pub")
    machine.run("chown", "-R", "_dkimsign:_dkimsign", folder)
    conf = machine.file("/etc/smtpd.conf")
    text = conf.read_text()
    listen = LISTEN.search(text)[1]
    text = FILTER.sub("", text)
    conf.write_text(re.sub("^listen on socket.*", listen, text, flags=re.M))
    machine.restart()


def signed(world, machine):
    """Each field that filter-dkimsign was told of is part of a signature
    that openssl finds good."""
    if not machine.file(SIGNER).exists():
        return  # Debian's backports have none
    prepare(machine)
    signs(machine)
    expect_report(machine, RUA)
    mark = world.mark()
    hand_over(machine, machine.user, text=REPORT)
    event = space.wait_for("the report", lambda: world.events(mark, "DATA"))[0]
    message = dkim.Message(event["message"])
    check.expect({"from", "subject", "tls-report-domain",
                  "tls-report-submitter"} <= set(message.names),
                 f"signed: {message.names}")
    check.equal((message.tags["d"], message.tags["s"], "l" in message.tags),
                ("example.org", "mail", False), "signature")
    check.equal(message.tags["bh"], message.body_hash(), "hash of the body")
    machine.file("/tmp/signature").write_bytes(message.signature())
    machine.run("openssl", "dgst", "-sha256", "-verify", KEY + ".pub",
                "-signature", "/tmp/signature", input=message.signed())


for _layout in "simple", "stage":
    check.add(f"{_layout}_report_arrives", arrives, _layout)
    check.add(f"{_layout}_report_is_not_counted", not_counted, _layout)
    check.add(f"{_layout}_no_report_by_smtp", not_by_smtp, _layout)
    check.add(f"{_layout}_no_report_from_outside", not_from_outside, _layout)
    check.add(f"{_layout}_no_report_otherwise", not_otherwise, _layout)
    check.add(f"{_layout}_no_report_later", not_later, _layout)
    check.add(f"{_layout}_report_is_signed", signed, _layout)
