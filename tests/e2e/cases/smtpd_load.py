# SPDX-License-Identifier: ISC
"""smtpd and the programs it runs for us, killed, stopped and crowded while
mail flows; flow.py judges the mail, the clock the waiting."""
import concurrent.futures
import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import time

import check
import domains
import flow
import smtpd
from cases.load import SEED, stopped
from meanwhile import Meanwhile, pids

FATAL = (signal.SIGKILL, signal.SIGSEGV)
FILTER, TABLE = "filter-mta-sts", "table-mta-sts"
RESOLVER = "mta-sts-resolve"


def parent(pid):
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(r"^PPid:\s+(\d+)", file.read(), re.M)[1])


def filters():
    """(pids of filters, pids of their spawners)"""
    found = pids(FILTER)
    spawners = {pid for pid in found if parent(pid) in found}
    return found - spawners, spawners


def hit(victims, number):
    for pid in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


# -- processes die -------------------------------------------------------------

def victims_of(machine, kind):
    """Pids of what is to die."""
    return {"filter": lambda: filters()[0], "spawner": lambda: filters()[1],
            "table": lambda: pids(TABLE),
            "smtpd": lambda: {machine.pid()}}[kind]()


@contextlib.contextmanager
def dies(world, machine, kind):
    """Again and again; an administrator's supervisor starts smtpd anew."""
    draw, deaths = random.Random(SEED), 0

    def turn():
        nonlocal deaths
        time.sleep(draw.uniform(0, 0.7))
        hit(victims_of(machine, kind), draw.choice(FATAL))
        deaths += 1
        if kind == "spawner":
            time.sleep(0.3)  # smtpd lives, without a resolver
        machine.restart()

    with Meanwhile(turn):
        yield
    machine.restart()
    check.expect(deaths > 1, f"{deaths} deaths")


def survives(world, machine, kind):
    flow.under_load(world, machine,
                    lambda *where: dies(*where, kind), SEED,
                    blind=kind == "spawner", allowed=".*", kills=True)


for _kind in "filter", "table", "smtpd", "spawner":
    check.add(f"stage_load_{_kind}_dies", survives, "stage", _kind)


for _name, _programs in {"filter": (FILTER,), "resolver": (RESOLVER,),
                         "both": (FILTER, RESOLVER)}.items():
    check.add(f"stage_load_{_name}_hangs", flow.under_load, "stage",
              lambda world, machine, programs=_programs:
              stopped(*programs), SEED)


# -- what they can run out of ----------------------------------------------------

@contextlib.contextmanager
def starved(world, machine, limit):
    """Filter, resolver and table have to get along with little."""
    for path in (smtpd.FILTER, smtpd.TABLE):
        real = path.replace("/opensmtpd/", "/opensmtpd/real/")
        machine.file(real).parent.mkdir(exist_ok=True)
        machine.file(path).rename(machine.file(real))
        machine.file(path).write_text(
            f'#!/bin/sh\n{limit} || exit\nexec {real} "$@"\n')
        machine.file(path).chmod(0o755)
    machine.restart()
    yield
    machine.stop()
    for path in (smtpd.FILTER, smtpd.TABLE):
        machine.restore(path)
    machine.start()


for _name, _limit in {"few_descriptors": "ulimit -n 16",
                      "little_memory": "ulimit -v 30000"}.items():
    check.add(f"stage_load_{_name}", flow.under_load, "stage",
              lambda world, machine, limit=_limit:
              starved(world, machine, limit), SEED, False, None, True)


# -- a crowd ---------------------------------------------------------------------

CROWD = 200  # sessions
WAIT = 5  # seconds that the filter holds one
SLACK = 5  # for a machine of few cores


class Client:
    """One session with the machine's smtpd, greeted already: its backlog is
    so short that a crowd at the door would try the kernel alone."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.stream = self.socket.makefile("rb")
        self.greeting = self.answer()

    def answer(self):
        while (line := self.stream.readline())[3:4] == b"-":
            pass
        return line.decode()

    def say(self, text):
        self.socket.sendall(text.encode() + b"\r\n")
        return self.answer()

    def close(self):
        self.socket.close()


def fares(client, recipient):
    """What a session with one recipient gets for an answer, in seconds."""
    for line in "EHLO client", "MAIL FROM:<alice@client.example>":
        said = client.say(line)
        check.expect(said.startswith("250"), f"{line}: {said!r}")
    began = time.monotonic()
    said = client.say(f"RCPT TO:<{recipient}>")
    return said, time.monotonic() - began


def crowd(world, machine, port):
    """No session waits for another: those to a policy host that is silent
    for as long as the filter waits, all others as if they were alone."""
    silent = domains.BY_NAME["web-all-silent"]
    zones = [silent.zone, domains.BY_NAME["good"].zone,
             domains.BY_NAME["no-policy"].zone]
    to = [f"n{number}@{zones[number % len(zones)]}"
          for number in range(CROWD)]
    machine.setting("timeout", "20s")
    machine.start()
    with world.network("sender"), contextlib.ExitStack() as sessions, \
            concurrent.futures.ThreadPoolExecutor(CROWD) as pool:
        clients = [Client(port) for _ in to]
        for client in clients:
            sessions.callback(client.close)
        got = list(pool.map(fares, clients, to))
    slow = max(seconds for _, seconds in got)
    check.expect(slow < WAIT + SLACK, f"one waited {slow:.1f} s")
    quick = [seconds for recipient, (_, seconds) in zip(to, got)
             if silent.zone not in recipient]
    check.expect(max(quick) < WAIT, f"one waited {max(quick):.1f} s")
    codes = {said[:3] for said, _ in got}
    check.expect(codes <= {"250", "451"}, f"answers {codes}")
    check.equal(machine.panic(), "", "panic")


check.add("stage_crowd", crowd, "stage", 26)
check.add("simple_crowd", crowd, "simple", 25)


# -- the table answers whatever hangs ----------------------------------------------

BOUND = 0.005  # seconds
ASKED = 200  # times


def table_answers(world, machine):
    """The program itself on the state of an smtpd that runs: all of smtpd
    waits for each answer.  A busy machine may be late now and then."""
    machine.send(domains.BY_NAME["good"].recipient)
    ours, its = socket.socketpair()
    ours.settimeout(10)
    table = subprocess.Popen(world.command(
        "sender", machine.name, "setpriv", f"--reuid={machine.user}",
        f"--regid={machine.user}", "--clear-groups", smtpd.TABLE,
        "/etc/mta-sts.conf"), stdin=its, stdout=its)
    its.close()
    took = []
    with ours, stopped(FILTER, RESOLVER), ours.makefile("rb") as replies:
        ours.sendall(b"config|protocol|0.1\nconfig|ready\n")
        while replies.readline() != b"register|ready\n":
            pass
        for number in range(ASKED):
            zone = ("good.example", "unknown.example")[number % 2]
            began = time.monotonic()
            ours.sendall(f"table|0.1|0|sts|check|domain|{number}|{zone}\n"
                         .encode())
            said = replies.readline().decode()
            took.append(time.monotonic() - began)
            wanted = ("found", "error")[number % 2]
            check.expect(said.startswith(f"check-result|{number}|{wanted}"),
                         said)
    check.equal(table.wait(10), 0, "its end")
    late = sorted(took)[ASKED * 9 // 10]
    check.expect(late < BOUND, f"one in ten takes over {late:.4f} s")


check.add("stage_table_answers_while_all_hangs", table_answers, "stage")
