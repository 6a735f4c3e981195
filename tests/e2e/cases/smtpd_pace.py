# SPDX-License-Identifier: ISC
"""How fast mail takes the hop of the stage, and that none waits for other."""
import check
import domains
import net
import space

GOOD = domains.BY_NAME["good"]
SLOW = [name for name in domains.BY_NAME if name.startswith("web-")][:20]
SOON = 20  # seconds; 26 if smtpd opened sessions as it does elsewhere


@check.case("stage")
def nobody_waits_for_slow_domains(world, machine):
    """The filter holds a session for each; smtpd has others."""
    machine.setting("timeout", "20s")
    rows = [domains.BY_NAME[name] for name in SLOW]
    for row in rows:
        world.kill_host(net.web(row.number), "blackhole")
    machine.start()
    for row in rows:
        machine.take(row.recipient)
    mark = world.mark()
    machine.take(GOOD.recipient)
    space.wait_for("the message to the domain that is not slow", lambda:
                   world.events(mark, "DATA", "mx.good.example"), SOON)
