# SPDX-License-Identifier: ISC
"""The two smtpd.conf as files: what smtpd and "check-config" say of them, and
what an administrator may do to them."""
import re
import smtplib

import check
import domains
import space

WAITS = domains.BY_NAME["forged"]  # its MX host is not in its policy
SERVES_TLS = (7,)  # Debian's 6.8 fails with an RSA key and OpenSSL 3
CHOICES = re.compile(r"^# (?=pki |listen |ca |action |match )", re.M)


def examine(machine, *findings):
    """What "check-config" has to say, by what it says it with."""
    machine.run("smtpd", "-n")
    said = machine.run("mta-sts", "check-config", "smtpd", check=False)
    lines = said.stdout.splitlines()
    check.equal((said.returncode, len(lines)), (1, len(findings))
                if findings else (0, 1), said.stdout)
    for line, finding in zip(lines, findings or ("nothing to mend",)):
        check.expect(finding in line, f"no {finding} in {line}")


def choose_all(machine):
    """All that the example has as a comment to choose from."""
    machine.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                "-subj", "/CN=mail.example.org",
                "-keyout", "/etc/ssl/private/mail.example.org.key",
                "-out", "/etc/ssl/mail.example.org.crt")
    machine.run("chmod", "600", "/etc/ssl/private/mail.example.org.key")
    conf = machine.file("/etc/smtpd.conf")
    text = conf.read_text().replace("\nlisten on localhost", "\n#")
    conf.write_text(CHOICES.sub("", text))


def needs_no_mending(world, machine):
    """As shipped, and with the lines for mail from the network."""
    examine(machine)
    machine.setting("report-from", "tls-reports@example.org")
    machine.setting("tls-required-no", "yes")
    examine(machine, "no rule lets reports pass policies",
            "smtpd cannot obey tls-required-no")
    choose_all(machine)
    machine.setting("tls-required-no", "no")
    examine(machine)
    machine.start()
    ports = set(re.findall(r":(\d+) ", machine.run("ss", "-Hlnt").stdout))
    check.expect({"25", "587"} <= ports, f"listens on {sorted(ports)}")


for layout in ("stage", "simple"):
    check.add(f"{layout}_needs_no_mending", needs_no_mending, layout)


@check.case("stage")
def hop_is_open_to_loopback_alone(world, machine):
    machine.start()
    listening = machine.run("ss", "-Hlnt").stdout
    check.equal(re.findall(r"(\S+):26 ", listening), ["127.0.0.1"],
                "who can reach the hop")


@check.case("stage")
def knows_no_requiretls(world, machine):
    """RFC 8689: neither offered over TLS nor taken, so that no message was
    promised what smtpd cannot do."""
    choose_all(machine)
    machine.start()
    with world.network("sender"), smtplib.SMTP("127.0.0.1") as client:
        if machine.version() >= SERVES_TLS:
            client.starttls()
        client.ehlo()
        check.expect("requiretls" not in client.esmtp_features,
                     f"offers {client.esmtp_features}")
        code, text = client.mail("alice@client.example", ["REQUIRETLS"])
        check.equal(code, 503, text)


@check.case("stage")
def removed_action_loses_no_mail(world, machine):
    """As the manual says: out of sight while it is gone, not lost."""
    machine.send(WAITS.recipient)
    conf = machine.file("/etc/smtpd.conf")
    whole = conf.read_text()
    conf.write_text("\n".join(
        line.replace('action "stage"', 'action "relay"')
        if line.startswith("match") else line
        for line in whole.splitlines()
        if not line.startswith('action "stage"')) + "\n")
    machine.restart()
    check.equal(machine.queue(), [], "the queue without the action")
    check.expect("unknown dispatcher" in machine.log(), "the log is silent")
    conf.write_text(whole)
    machine.restart()
    space.wait_for("the message", lambda: machine.queue() ==
                   [WAITS.recipient])
