# SPDX-License-Identifier: ISC
"""Each row of the table of domains, on each kind of machine.

On the machine with Debian's split files the command and the journal are
asked as well what they make of it.
"""
import json

import check
import domains
import outcome
from domains import basic, certificate, mx, shared


def send(world, machine, domain):
    """One message to DOMAIN must come to what its row says."""
    got = outcome.deliver(world, machine, domain.recipient)
    why = outcome.wrong(machine, domain, got)
    check.expect(why is None, why)


def settings(machine, domain):
    if domain.timeout:
        machine.setting("timeout", domain.timeout)
    if domain.hurry > 1 and machine.mta == "exim":
        machine.clock(0, 0, hurry=domain.hurry)


def query(machine, domain):
    """What the command says of it: verdict and cause."""
    said = json.loads(machine.sts("query", "-fj", domain.zone,
                                  check=False).stdout)
    verdicts = [host["verdict"] for host in said["mx"] if "verdict" in host]
    if verdicts:
        check.equal(verdicts[0], domain.expected, f"verdict\n{said}\n")
    check.expect(domain.said in said["summary"], said["summary"])
    if str(domain.report).startswith("sts-"):
        check.equal(said["result_type"], domain.report, "result type")


def journal(machine, domain):
    """The session is in the journal with the type of RFC 8460."""
    lines = [line for line in machine.sts("journal").stdout.splitlines()
             if domain.zone in line]
    check.expect(lines, "nothing in the journal")
    for line in lines:
        check.expect(f" {domain.report}" in line.replace(":", ""),
                     f"not {domain.report}: {line}")


def whole(world, machine, domain):
    settings(machine, domain)
    send(world, machine, domain)
    query(machine, domain)
    if domain.report and not domain.report.startswith("sts-"):
        journal(machine, domain)


def delivery(world, machine, domain):
    settings(machine, domain)
    send(world, machine, domain)


def together(world, machine, rows):
    """A message to each of ROWS, domains by name of the case, at once; what
    is wrong, by name."""
    settings(machine, next(iter(rows.values())))
    got = outcome.several(world, machine, list(rows.values()))
    said = {name: outcome.wrong(machine, domain, one)
            for (name, domain), one in zip(rows.items(), got)}
    return {name: why for name, why in said.items() if why is not None}


# A plain OpenSMTPD knows neither of DANE nor of its own place among the MX
# hosts, and 6.8 dies of a double free when a host sends garbage for TLS.
ELSE = ("dane-bad", "backup", "garbage")
check.many(together, "bare", {
    f"bare_{domain.name}": domain for domain in domains.DOMAINS
    if domain.plain and domain.name not in ELSE})
for _timeout in sorted({row.timeout for row in domains.DOMAINS}, key=str):
    check.many(together, "stage", {
        f"stage_{domain.name}": domain for domain in domains.DOMAINS
        if domain.ours and not domain.apart and domain.timeout == _timeout})
# Without the hop nobody tries a host before smtpd, which takes the next one
# only at the next attempt, and some certificates that no policy allows.
LATER = "first-bad", "first-down", "twelfth"
LAX = ("cn-only", "uri-only", "mail-only", "client-only", "any-use", "rsa-1024",
       "sha1")
check.many(together, "simple", {
    f"simple_{domain.name}": domain
    for part in (basic, certificate, mx, shared) for domain in part.ROWS
    if domain.ours and not domain.apart and not domain.timeout and
    domain.name not in LATER + LAX})
for _domain in domains.DOMAINS:
    if _domain.plain:
        check.add(f"plain_{_domain.name}", send, "plain", _domain)
    if _domain.ours:
        check.add(f"split_{_domain.name}", whole, "split", _domain)
    if _domain.ours and _domain.name not in domains.PUBLISHING:
        check.add(f"single_{_domain.name}", delivery, "single", _domain)
