# SPDX-License-Identifier: ISC
"""Each row of the table of domains, on each kind of Exim."""
import check
import domains
import outcome


def row(world, machine, domain):
    result = domain.ours if machine.ours else domain.plain
    # web-dead never shows its policy, the others' enforce binds.
    enforced = machine.ours and domain.mode == "enforce" and domain.web
    got = outcome.deliver(world, machine, f"bob@{domain.zone}")
    why = outcome.complaint(got, result, domain, enforced)
    check.expect(why is None, why)


for _machine in ("plain", "split", "single"):
    for _domain in domains.DOMAINS:
        if _domain.name != "sender":
            check.add(f"{_machine}_{_domain.name}", row, _machine, _domain)
