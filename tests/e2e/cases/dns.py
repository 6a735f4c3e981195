# SPDX-License-Identifier: ISC
"""Answers that no honest DNS server gives, straight at our resolver.

Elsewhere a validating resolver stands between us and the attacker; here the
man in the middle is the name server himself.  Whatever he says about the TXT
record, a policy that is cached binds.
"""
import binding
import check
import lies
import net
from binding import GOOD
from cases.faults import TXT, prime, stale


def exposed(machine):
    """Ask the name server itself, across the path."""
    machine.setting("resolver", net.NAMES)
    machine.setting("timeout", "2s")


def cached(world, machine, lie):
    exposed(machine)
    prime(world, machine)
    world.publish(GOOD, id="2")
    world.lie({"name": TXT, "do": lie})
    stale(machine)
    binding.enforced(world, machine)


for _lie in lies.MALFORMED:
    check.add(f"dns_{_lie}", cached, "split", _lie)
