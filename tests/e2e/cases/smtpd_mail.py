# SPDX-License-Identifier: ISC
"""Mail as people and programs send it, through OpenSMTPD with us: it is always
taken on, to whomever it goes in the end, and what waits outlives smtpd."""
import concurrent.futures
import contextlib
import signal
import time

import check
import domains
import net
import outcome
import space
from cases import faults
from cases.load import stopped
from machine import MESSAGE

GOOD = domains.BY_NAME["good"]
FORGED = domains.BY_NAME["forged"]  # its mail waits
REFUSING = domains.BY_NAME["rcpt-550"]  # knows no recipient
USER = "carol"
PROMPT = 2  # seconds that a program has to wait for smtpd, at most


# -- whom it goes to ---------------------------------------------------------

def follow(machine, name, target):
    """Mail to the person NAME goes to TARGET."""
    file = machine.person(name) / ".forward"
    file.write_text(target + "\n")
    machine.run("chown", f"{name}:", f"/srv/{name}/.forward")
    return f"{name}@{net.SENDER}"


def alias(machine, name, target):
    with open(machine.file("/etc/aliases"), "a") as file:
        file.write(f"{name}: {target}\n")
    machine.stop()  # it reads them at its start
    return f"{name}@{net.SENDER}"


def leads_on(world, machine, lead):
    """The policy is that of the domain where the mail is going."""
    got = outcome.deliver(world, machine,
                          lead(machine, "dora", GOOD.recipient))
    check.equal((got.what, got.host), ("verified", "mx.good.example"), got.log)
    got = outcome.deliver(world, machine,
                          lead(machine, "erin", FORGED.recipient))
    check.equal((got.what, got.met), ("deferred", set()), got.log)
    check.equal(got.queue, [FORGED.recipient], "queue")


check.add("stage_aliases", leads_on, "stage", alias)
check.add("stage_forward_files", leads_on, "stage", follow)


# -- bounces -------------------------------------------------------------------

def post(machine, sender, recipient):
    """A message from SENDER, and whatever follows from it."""
    mark = machine.mark()
    machine.start()
    machine.run("sendmail", "-f", sender, recipient, input=MESSAGE)
    machine.settle(mark)


def bounce_comes_home(world, machine):
    home = machine.person(USER)
    post(machine, f"{USER}@{net.SENDER}", REFUSING.recipient)
    mails = space.wait_for("the bounce", lambda: list(
        home.glob("Maildir/new/*")))
    check.equal(len(mails), 1, "bounces")
    text = mails[0].read_text()
    for part in (REFUSING.recipient, "550"):
        check.expect(part in text, f"no {part} in\n{text}")
    check.equal(machine.queue(), [], "queue")


def bounce_obeys_policies(world, machine):
    """It is mail as well: to a domain under attack it waits; and a bounce
    that fails for good is nobody's any more."""
    mark = world.mark()
    post(machine, GOOD.recipient, REFUSING.recipient)
    space.wait_for("the bounce", lambda: world.events(
        mark, "DATA", "mx.good.example"))
    check.expect(all(event["tls"] for event in world.events(mark, "RCPT")),
                 "in clear")
    post(machine, FORGED.recipient, REFUSING.recipient)
    space.wait_for("the bounce in the queue", lambda: machine.queue() ==
                   [FORGED.recipient])
    machine.run_queue()
    check.equal(world.events(mark, host="mx.evil.example"), [], "at the forger")
    machine.empty()
    post(machine, REFUSING.recipient, REFUSING.recipient)
    space.wait_for("the end of it", lambda: machine.queue() == [])


for _layout in "stage", "simple":
    check.add(f"{_layout}_bounce_comes_home", bounce_comes_home, _layout)
    check.add(f"{_layout}_bounce_obeys_policies", bounce_obeys_policies,
              _layout)


# -- programs that send ---------------------------------------------------------

@contextlib.contextmanager
def away(machine):
    faults.moved(machine, False)
    try:
        yield
    finally:
        faults.moved(machine, True)


TROUBLE = {
    "filter_hangs": lambda machine: stopped("filter-mta-sts"),
    "resolver_hangs": lambda machine: stopped("mta-sts-resolve"),
    "state_missing": away,
}


def never_refused(world, machine, trouble):
    """Who sends waits for nothing of ours, and in the end it all arrives."""
    world.kill_web(GOOD, "blackhole")
    machine.start()
    mark = world.mark()
    recipients = [f"{name}@{GOOD.zone}" for name in "abcdef"]
    with trouble(machine):
        began = time.monotonic()
        for recipient in recipients:
            done = machine.run("sendmail", recipient, input=MESSAGE,
                               check=False)
            check.equal((done.returncode, done.stderr), (0, ""), "sendmail")
        check.expect(time.monotonic() - began < PROMPT,
                     f"took {time.monotonic() - began:.1f} s")
    world.revive_host(net.web(GOOD.number))
    machine.rest()
    machine.later(3600)
    machine.retry([GOOD.zone])
    check.equal(machine.queue(), [], machine.log())
    check.equal(sorted(event["line"] for event in world.events(mark, "RCPT")),
                [f"RCPT TO:<{one}>" for one in recipients], "arrived")


for _name, _trouble in TROUBLE.items():
    check.add(f"stage_sendmail_while_{_name}", never_refused, "stage", _trouble)


# -- smtpd goes and comes back --------------------------------------------------

def permit(world):
    """The policy of FORGED now permits what its MX record says."""
    world.web.serve(FORGED, FORGED.policy(["mx.evil.example"]))
    world.publish(FORGED, id="2")


def comes_back(world, machine, number):
    """What waits is still there, and goes when it may, once."""
    machine.send(FORGED.recipient)
    machine.send(GOOD.recipient)
    check.equal(machine.queue(), [FORGED.recipient], "queue")
    machine.stop(number)
    check.equal(machine.queue(), [FORGED.recipient], "queue after that")
    mark = world.mark()
    machine.run_queue()
    check.equal(world.events(mark, "RCPT"), [], "while it is attacked")
    permit(world)
    machine.stop(number)
    machine.later(7200)
    machine.run_queue()
    check.equal(machine.queue(), [], machine.log())
    check.equal(len(world.events(mark, "DATA", "mx.evil.example")), 1, "mails")


for _name, _number in {"restarted": signal.SIGTERM,
                       "killed": signal.SIGKILL}.items():
    check.add(f"stage_{_name}_with_mail_queued", comes_back, "stage", _number)


# -- a long queue -------------------------------------------------------------

LONG = 300  # messages


def starts_with_a_long_queue(world, machine):
    """All of it is tried while smtpd still reads it from disk."""
    machine.start()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(machine.take, [f"n{number}@{FORGED.zone}"
                                     for number in range(LONG)]))
    machine.rest()
    check.equal(len(machine.queue()), LONG, "queue")
    permit(world)
    mark = world.mark()
    machine.stop()
    machine.later(7200)
    machine.start()
    space.wait_for("all to arrive", lambda: len(
        world.events(mark, "DATA", "mx.evil.example")) == LONG, 60)
    check.equal(machine.panic(), "", "panic")


check.add("stage_starts_with_a_long_queue", starts_with_a_long_queue, "stage")
