# SPDX-License-Identifier: ISC
"""A machine that reports: its days, "mta-sts report" on it, and what of that
came to whom."""
import collections
import dataclasses
import json
import re
import time

import check
import signature
import report
import space
import tlsrpt

DAY = 86400
HOUR = 3600
# The first day of a case is tomorrow: time only moves forward.
FIRST = int(time.time()) // DAY * DAY + DAY
ARRIVAL = 20  # seconds until mail that was handed to the MTA is there
SETTINGS = {"report-from": report.FROM, "report-dkim": "yes",
            "report-org": '"Sender & Söhne"'}


def date(day):
    """The DAYth day, "2026-11-23"."""
    return time.strftime("%Y-%m-%d", time.gmtime(FIRST + day * DAY))


def at(machine, day, hour):
    """It is HOUR, UTC, of the DAYth day from now on."""
    machine.later(int(FIRST + day * DAY + hour * HOUR - time.time()))


def configure(machine, **settings):
    """Let MACHINE report; SETTINGS by keyword, "_" for "-"."""
    for keyword, value in {**SETTINGS, **{
            name.replace("_", "-"): value
            for name, value in settings.items()}}.items():
        machine.setting(keyword, value)


def run(machine, *words, wanted=0):
    """Run "mta-sts report" as a timer does; what it sums up.  WANTED: its
    exit status, None for any."""
    done = machine.run("mta-sts", "report", "-j", *words, check=False)
    check.expect(wanted in (None, done.returncode),
                 f"exit status {done.returncode}\n{done.stderr}{done.stdout}")
    return dict(json.loads(done.stdout), said=done.stderr)


def shown(machine, *words):
    """The reports that --dry-run prints, by domain."""
    done = machine.run("mta-sts", "report", "--dry-run", *words)
    found = {}
    for line in done.stdout.splitlines():
        complaints, document = tlsrpt.body(line.encode())
        check.equal(complaints, [], f"complaints of {line}")
        found[domain(document)] = document
    return found


@dataclasses.dataclass
class Report:
    to: str  # address or URI
    domain: str
    document: dict
    octets: bytes  # of the mail, or of what was posted

    @property
    def day(self):
        return self.document["date-range"]["start-datetime"][:10]


def domain(document):
    """Whose report DOCUMENT is; of TLSA alone that of the host."""
    domains = [element["policy"]["policy-domain"]
               for element in document["policies"]
               if element["policy"]["policy-type"] != "tlsa"]
    return domains[0] if domains else \
        document["policies"][0]["policy"]["policy-domain"]


def judged(where, said, octets):
    complaints, document = said
    check.expect(not complaints, f"report to {where}: {complaints}\n{octets}")
    named = re.search(rb"^TLS-Report-Domain: (\S+)", octets, re.M)
    return Report(where, named[1].decode() if named else domain(document),
                  document, octets)


def mailed(world, mark):
    """Reports that mail hosts took behind MARK, each without fault and
    signed by who submits it."""
    recipient, found = {}, []
    for event in world.events(mark):
        if event["event"] == "RCPT":
            recipient[event["id"]] = event["line"].split("<")[1].rstrip(">")
        elif event["event"] == "DATA" and event.get("message"):
            octets = event["message"].encode("latin-1")
            signed = signature.verified(octets, world.names.txt)
            check.equal(signed.tags["d"], signature.DOMAIN, "signed by")
            found.append(judged(recipient[event["id"]], tlsrpt.mail(octets),
                                octets))
    return found


def posted(world):
    """Reports that a collector accepted, each without fault."""
    return [judged(post.uri, tlsrpt.post(post.method, post.fields, post.body),
                   post.body) for post in world.collector.accepted()]


def arrived(world, mark=0):
    return mailed(world, mark) + posted(world)


def settled(world, machine, mark, count):
    """Wait for COUNT reports by mail behind MARK, and return all reports."""
    def there():
        return sum(1 for event in world.events(mark, "DATA")
                   if event.get("message")) >= count
    space.wait_for(f"{count} reports by mail", there, ARRIVAL)
    space.wait_for("an empty queue", lambda: not machine.queue(), ARRIVAL)
    return arrived(world, mark)


# -- what reports say ----------------------------------------------------------

def told(*documents):
    """How many sessions of what, by (policy type, result or "success");
    failures in all by (type, "failure")."""
    found = collections.Counter()
    for document in documents:
        for element in document["policies"]:
            kind = element["policy"]["policy-type"]
            summary = element["summary"]
            found[kind, "success"] += summary["total-successful-session-count"]
            found[kind, "failure"] += summary["total-failure-session-count"]
            for detail in element.get("failure-details", []):
                found[kind, detail["result-type"]] += \
                    detail["failed-session-count"]
    return {key: count for key, count in found.items() if count}


def details(document):
    return [detail for element in document["policies"]
            for detail in element.get("failure-details", [])]


def expected(kind, result, count):
    """The same of COUNT sessions that all came to RESULT."""
    if not count:
        return {}
    if result == "success":
        return {(kind, "success"): count}
    return {(kind, "failure"): count, (kind, result): count}


