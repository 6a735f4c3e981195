# SPDX-License-Identifier: ISC
"""The domains of the world: one table, a row each, a file for each subject.

To add a domain, add a row to the file it belongs to (row.py says what may
stand in it); zones, certificates, servers and cases follow from it.
"""
from domains import (basic, certificate, dane, dns, mx, policyhost,
                     policytext, reports, shared, smtp)

import net

# What is wrong with these is all the same to an Exim: it meets the policy.
PUBLISHING = {row.name for part in (dns, policyhost, policytext)
              for row in part.ROWS}
DOMAINS = [row for part in (basic, dns, policyhost, policytext, mx,
                            certificate, smtp, dane, shared, reports)
           for row in part.ROWS]
for _number, _domain in enumerate(DOMAINS, 1):
    _domain.number = _number

BY_NAME = {domain.name: domain for domain in DOMAINS}
if len(BY_NAME) != len(DOMAINS):
    raise ValueError("two domains of one name")


def mail_hosts():
    """(full name, Host, (IPv4, IPv6), Domain) of every mail host there is."""
    number = 0
    for domain in DOMAINS:
        for host in domain.hosts:
            number += 1
            yield domain.full(host.name), host, net.mx(number), domain


ADDRESSES = {name: pair for name, _, pair, _ in mail_hosts()}
