# SPDX-License-Identifier: ISC
"""What the journal makes of smtpd's sessions, in both layouts: each result
type of RFC 8460 that a session can have, beside what the receivers saw."""
import collections
import json
import time

import check
import domains
import outcome

SETTLED = 30  # seconds until a probe has told why TLS failed

# Name of a row: what the journal must say, by way of the receivers' log.
RESULTS = {
    "good": "success",
    "ipv6-only": "success",
    "mode-none": "success",
    "no-starttls": "starttls-not-supported",
    "stripped": "starttls-not-supported",
    "454": "starttls-not-supported",
    "wrong-name": "certificate-host-mismatch",
    "expired": "certificate-expired",
    "self-signed": "certificate-not-trusted",
    "unknown-ca": "certificate-not-trusted",
    "close-handshake": "validation-failure",
    "reset": "validation-failure",
    "testing": "certificate-not-trusted",
    "report-only": "starttls-not-supported",
}


def journal(machine):
    """The records, by domain."""
    found = collections.defaultdict(list)
    for line in machine.sts("journal", "-j").stdout.splitlines():
        record = json.loads(line)
        found[record["domain"]].append(record)
    return found


def fault(wanted, records, events):
    """Why RECORDS do not say WANTED of what was seen as EVENTS; or None."""
    results = {record["result"] for record in records}
    if results != {wanted}:
        return f"{results}, not {wanted}: {records}"
    met = {event["address"] for event in events}
    for record in records:
        if record["mta"] != "opensmtpd" or record["mx_address"] not in met:
            return f"{record}, but it met {met}"
    secure = any(event["tls"] for event in events
                 if event["event"] == "RCPT")
    if wanted == "success" and not secure:
        return "success, but no mail over TLS"
    return None


def told(world, machine, rows):
    """A message to each of ROWS at once; what the journal gets wrong."""
    mark = world.mark()
    outcome.several(world, machine, list(rows.values()))
    end = time.monotonic() + SETTLED
    while True:
        seen = outcome.sorted_out(world.events(mark), list(rows.values()))
        said = journal(machine)
        faults = {name: fault(RESULTS[domain.name], said[domain.zone],
                              seen[domain.name])
                  for name, domain in rows.items()}
        if not any(faults.values()) or time.monotonic() > end:
            return {name: why for name, why in faults.items() if why}
        time.sleep(1)


for _layout in "simple", "stage":
    check.many(told, _layout, {
        f"{_layout}_journal_{name}": domains.BY_NAME[name]
        for name in RESULTS})
