# SPDX-License-Identifier: ISC
"""The sending machines with OpenSMTPD, each in a root of its own.

Unlike Exim, smtpd is a server: it is started when a machine is first used,
stopped when the machine is reset, and there is one of them at a time, since
they listen on the same ports.  What it does is known from its log.
"""
import contextlib
import os
import re
import shutil
import signal
import threading

import net
import space
from machine import CONFIG, MESSAGE, RESOLVER, Machine, Software
from meanwhile import pids
from row import NO_MX, Result

SPOOL = "/var/spool/smtpd"
OFFLINE = f"{SPOOL}/offline"  # what was sent while there was no smtpd
SOCKET = "/var/run/smtpd.sock"
CONF = "/etc/smtpd.conf"
KEPT = "/root/smtpd.conf"  # as it was made
SENDS_SNI = (7,)  # the first version that does
STRICT = "smtp+tls"  # how the log tells a session that must be verified
NO_SESSION = "0" * 16  # what failed before there was one
HOP = ' relay="127.0.0.1 '
PATIENCE = 60  # seconds until every recipient must be settled
# What the log says as Exim says it; the rest is worded otherwise.
WORDED_ALIKE = (NO_MX,)
# Many rows share a mail host; smtpd would leave 5 s between its sessions.
AT_ONCE = "mta limit conn-delay-route 0\n"
LOADED = "done loading queue into scheduler"  # 250 envelopes a second
ACCEPTED = re.compile(r" smtp envelope evpid=(\w+) ")
TRIED = re.compile(r" \w+ delivery evpid=(\w+) "
                   r"|Failed to retrieve smarthost for envelope (\w+)")
TOLD = re.compile(r" got smarthost for (\w+): (\S+)")
UNUSABLE = re.compile(r"Failed to parse smarthost (\S+)")


def worded(result):
    """RESULT of an Exim as smtpd may put it."""
    if result.what not in ("deferred", "bounced") or \
            result.host in WORDED_ALIKE:
        return result
    return Result(result.what, "")


class Bare(Machine):
    """An OpenSMTPD as Debian ships it: it relays what is sent here."""
    mta = "opensmtpd"
    children = ()  # what it starts for us

    @property
    def process(self):
        return f"smtpd-{self.name}"

    def machine(self):
        super().machine()
        self.log_file = self.world.path("log", self.process)
        self.log_file.touch()
        self.ready = threading.Event()

    def configure(self):
        """Debian's file will do; a case may change it."""
        shutil.copy(self.file(CONF), self.file(KEPT))

    def change(self, old, new):
        """Write NEW instead of OLD in smtpd.conf, in use from now on."""
        text = self.file(CONF).read_text()
        if old not in text:
            raise ValueError(f"{CONF} has no {old!r}")
        self.file(CONF).write_text(text.replace(old, new))
        self.stop()

    def person(self, name):
        """Somebody with mail here; path of the home directory."""
        home = f"/srv/{name}"
        if not self.file(home).exists():
            self.run("useradd", "-m", "-d", home, name)
        return self.file(home)

    # -- the server ---------------------------------------------------------

    def running(self):
        return self.process in self.world.processes

    def start(self):
        """Start smtpd, unless it runs; no other one does then."""
        if self.running():
            return
        for other in self.world.senders.values():
            if other.mta == self.mta and other.running():
                other.stop()
        mark = self.mark()
        self.world.spawn(self.process, "sender", self.name, "smtpd", "-d",
                         "-v")
        space.wait_for("smtpd", lambda: self.world.listening("sender", 25) and
                       all(map(pids, self.children)) and
                       LOADED in self.log()[mark:], PATIENCE)
        self.ready.set()

    def stop(self, number=signal.SIGTERM):
        """Stop smtpd; what it started has to follow."""
        self.ready.clear()
        if self.running():
            self.world.stop(self.process, number)
            space.wait_for("the end of everything that smtpd started",
                           lambda: not pids("smtpd", "mta-sts-resolve",
                                            *self.children))

    def restart(self):
        """Start smtpd anew, be it dead."""
        self.stop()
        self.start()

    def pid(self):
        return self.world.processes[self.process].pid

    # -- mail ---------------------------------------------------------------

    def empty(self):
        """Empty the queue."""
        self.stop()
        shutil.rmtree(self.file(SPOOL), ignore_errors=True)

    def reset(self):
        """Stopped, the queue empty, the log as well, configured as made."""
        self.empty()
        os.truncate(self.log_file, 0)
        shutil.copy(self.file(KEPT), self.file(CONF))

    def submit(self, *to, timeout=60):
        """Hand a message over, as any program here would."""
        self.start()
        return self.run("sendmail", "-f", f"alice@{net.SENDER}", *to,
                        input=MESSAGE, timeout=timeout)

    def take(self, address):
        """Hand over a message to ADDRESS; was it accepted?"""
        self.ready.wait(PATIENCE)
        return self.run("sendmail", "-f", f"alice@{net.SENDER}", address,
                        input=MESSAGE, check=False).returncode == 0

    def send(self, *to, timeout=60):
        """Submit a message and wait until every recipient was tried."""
        mark = self.mark()
        done = self.submit(*to, timeout=timeout)
        self.settle(mark)
        return done

    def hasten(self):
        """Let sessions with one host follow each other at once."""
        with open(self.file(CONF), "a") as file:
            file.write(AT_ONCE)
        self.restart()

    def send_each(self, recipients):
        """The same for a message to each of RECIPIENTS, all at once."""
        self.hasten()
        mark = self.mark()
        for recipient in recipients:
            self.submit(recipient)
        with contextlib.suppress(TimeoutError):  # of those the log tells
            self.settle(mark)

    def run_queue(self):
        """Try everything in the queue, and wait for that."""
        mark = self.mark()
        waiting = [fields[0] for fields in self.listed()]
        self.run("smtpctl", "schedule", "all")
        self.settle(mark, waiting)

    def retry(self, zones):
        """Try what waits for domains of ZONES, and wait while that helps: of
        more than 50 messages smtpd may put some off."""
        mark = self.mark()
        waiting = [fields[0] for fields in self.listed()
                   if fields[6].split("@")[1] in zones]
        for number in waiting:
            self.run("smtpctl", "schedule", number)
        with contextlib.suppress(TimeoutError):
            self.settle(mark, waiting, PATIENCE / 3)

    def nudge(self, zone):
        """Nothing: waiting mail is tried when smtpd starts, and at the end by
        retry()."""

    def mark(self):
        return len(self.log())

    def unsettled(self, mark, waiting=()):
        """Envelopes that were accepted, or are WAITING, and not yet tried."""
        said = self.log()[mark:]
        # One of the two lines does without leading zeros.
        tried = {number.zfill(16) for pair in TRIED.findall(said)
                 for number in pair}
        unusable = UNUSABLE.findall(said)
        tried |= {number for number, url in TOLD.findall(said)
                  if url in unusable}
        return {*waiting, *ACCEPTED.findall(said)} - tried

    def settle(self, mark, waiting=(), patience=PATIENCE):
        """Wait for what was said of the envelopes behind MARK."""
        def settled():
            self.world.check_alive()
            return not self.unsettled(mark, waiting)
        space.wait_for("every recipient to be tried", settled, patience)

    def version(self):
        """OpenSMTPD's version in numbers: (7, 6, 0)."""
        said = self.run("smtpd", "-h", check=False).stderr
        return tuple(map(int, re.search(r"OpenSMTPD ([\d.]+)", said)[1]
                         .split(".")))

    def log(self):
        return self.log_file.read_text(errors="replace")

    def panic(self):
        """What smtpd says when it cannot go on."""
        return "".join(line + "\n" for line in self.log().splitlines()
                       if re.search(r"fatal|lost processor|segfault", line))

    # -- what the log says --------------------------------------------------

    def finish(self, mark):
        """Nothing more to wait for: a bounce is a message of its own."""

    def about(self, log, recipient):
        """Lines on mail to RECIPIENT, and on the sessions that brought it
        elsewhere."""
        lines = log.splitlines()
        about = [line for line in lines if f" to=<{recipient}>" in line]
        known = {line.split(" ", 1)[0] for line in about
                 if " mta delivery " in line and HOP not in line}
        known.discard(NO_SESSION)
        known |= {found[1] for line in about
                  if (found := ACCEPTED.search(line))}
        known |= {url for number, url in TOLD.findall(log) if number in known}
        return "".join(line + "\n" for line in lines
                       if known & set(re.findall(r"\w{16}|\S+$", line)))

    def returned(self, log):
        return 'result="PermFail"' in log

    def given_up(self):
        return re.findall(r'^.*(?: result="PermFail|Expire).*$', self.log(),
                          re.M)

    def reason(self, log):
        found = re.findall(r'result="TempFail" stat="(.*)"|'
                           'warn: (Failed to \w+ smarthost)', log)
        return "".join(found[-1]) if found else None

    def certificate(self, log, address):
        """Was the one at ADDRESS that of a session that insisted on it?"""
        sessions = re.findall(rf"^(\w+) mta connecting address=(\S+)://"
                              rf"\[?{re.escape(address)}\]?:", log, re.M)
        if not sessions:
            return "unlogged"
        number, scheme = sessions[-1]
        good = re.search(rf'{number} mta \S*cert-check result='
                         '"(success|valid|verified)"', log)
        return "verified" if good and scheme == STRICT else "unverified"

    def strict(self, log):
        return f"address={STRICT}://" in log

    # -- the queue ----------------------------------------------------------

    def listed(self):
        """The fields of "smtpctl show queue", a line each."""
        self.start()
        space.wait_for("mail sent without smtpd to be taken in",
                       lambda: not any(self.file(OFFLINE).glob("*")) and
                       not pids("smtpctl"), 30)
        listing = self.run("smtpctl", "show", "queue").stdout
        return [line.split("|") for line in listing.splitlines()]

    def rest(self):
        """Wait until nothing is under way: a message that takes the hop while
        the queue is listed may be seen at neither end."""
        space.wait_for("the queue to rest", lambda: not any(
            "inflight" in fields for fields in self.listed()), PATIENCE)

    def queue(self):
        """Addresses still undelivered."""
        return [fields[6] for fields in self.listed()]


PROGRAMS = "/usr/libexec/opensmtpd"
FILTER = f"{PROGRAMS}/filter-mta-sts"
TABLE = f"{PROGRAMS}/table-mta-sts"
STATE = "/var/lib/mta-sts/opensmtpd"
SHIPPED = "/usr/share/mta-sts/opensmtpd"


class Ours(Software, Bare):
    """The same OpenSMTPD with filter and table, in one of the layouts."""
    user = "opensmtpd"
    folder = STATE
    packaging = "opensmtpd"
    programs = (PROGRAMS,)
    installed = (FILTER, TABLE, RESOLVER, CONFIG)
    goal = "install-opensmtpd"
    children = ("filter-mta-sts", "table-mta-sts")
    layout = None

    def configure(self):
        shutil.copy(self.file(f"{SHIPPED}/{self.layout}.conf"),
                    self.file(CONF))
        super().configure()

    def reset(self):
        self.stop()  # before its state goes
        super().reset()

    def clock(self, *setting, **settings):
        """A server sees another clock only from its start on."""
        super().clock(*setting, **settings)
        if self.running():
            self.restart()


class Stage(Ours):
    """Everything is queued first, then decided on a loopback hop."""
    layout = "stage"


class Simple(Ours):
    """Decided when the message is accepted."""
    layout = "simple"


KINDS = {"bare": Bare, "stage": Stage, "simple": Simple}
