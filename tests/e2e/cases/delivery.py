# SPDX-License-Identifier: ISC
"""Each row of the table of domains, on each kind of Exim.

On the machine with Debian's split files the command and the journal are
asked as well what they make of it.
"""
import json

import check
import domains
import outcome


def send(world, machine, domain, result):
    """One message to DOMAIN must come to RESULT."""
    got = outcome.deliver(world, machine, domain.recipient)
    why = outcome.complaint(got, result, domain,
                            machine.ours and domain.binds)
    check.expect(why is None, why)


def settings(machine, domain):
    if domain.timeout:
        machine.setting("timeout", domain.timeout)
    if domain.hurry > 1:
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
    send(world, machine, domain, domain.ours)
    query(machine, domain)
    if domain.report and not domain.report.startswith("sts-"):
        journal(machine, domain)


def delivery(world, machine, domain):
    settings(machine, domain)
    send(world, machine, domain, domain.ours)


def plain(world, machine, domain):
    send(world, machine, domain, domain.plain)


for _domain in domains.DOMAINS:
    if _domain.plain:
        check.add(f"plain_{_domain.name}", plain, "plain", _domain)
    if _domain.ours:
        check.add(f"split_{_domain.name}", whole, "split", _domain)
    if _domain.ours and _domain.name not in domains.PUBLISHING:
        check.add(f"single_{_domain.name}", delivery, "single", _domain)
