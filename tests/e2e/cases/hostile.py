# SPDX-License-Identifier: ISC
"""A local user who wishes us ill, and all he can do to the Exim he calls.

He writes to a domain in order and to one whose MX offers no TLS, first when
neither is known, then when both policies are cached and due for a check.
Exim may refuse his mail.  What it takes arrives as the policy wants it or
waits, and once the queue is run by somebody else, nothing that went wrong
here is remembered as a fault of the domain.
"""
import contextlib
import fcntl
import os
import pty
import signal
import termios
import threading

import binding
import check
import exim
import flow
from binding import GOOD

USER = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
SENDMAIL = "/usr/sbin/sendmail"
ROWS = flow.rows("good", "no-starttls")
LAX = "T=remote_smtp "  # the transport for those without a policy


def submit(machine, address, first=(), before=(), after=(), **options):
    """The user writes to ADDRESS; has Exim taken it?"""
    done = machine.run(*first, *USER, *before, SENDMAIL, "-odi", *after,
                       address, **{"input": exim.MESSAGE, "check": False,
                                   **options})
    return done.returncode == 0


def judge(mail, machine, allowed=None):
    """Somebody else runs the queue: is all as it should be?"""
    mail.check_once()
    for row in ROWS:
        machine.run("exim4", "-Rff", f"@{row.zone}")
    mail.settle()
    loose = [line for line in machine.log().splitlines() if LAX in line]
    check.expect(not loose, f"past the policy: {loose}")
    flow.panics(machine, allowed)


def hostile(world, machine, variants, allowed=None):
    """VARIANTS: keyword arguments of submit(), one set after the other."""
    mail = flow.Flow(world, machine, 0)
    for known in ("new", "cached"):
        for number, variant in enumerate(variants):
            for row in ROWS:
                address = f"{known}{number}@{row.zone}"
                mail.record(address, row, submit(machine, address, **variant))
        judge(mail, machine, allowed)
        machine.later(7200)


def case(name, *variants, allowed=None):
    check.add(f"user_{name}", hostile, "split", variants, allowed)


# -- limits ------------------------------------------------------------------

def limits(name, values):
    return [{"before": ("prlimit", f"--{name}={value}:{value}")}
            for value in values]


# Not those with which Berkeley DB, in Exim, waits 12 s for a descriptor.
case("few_descriptors", *limits("nofile", (3, 4, 5, 6, 9, 10, 11, 16)),
     allowed="RLIMIT_NOFILE")
case("little_memory", *limits("as", range(16 << 20, 144 << 20, 16 << 20)))
case("little_data", *limits("data", (1 << 16, 1 << 20, 4 << 20)))
case("little_stack", *limits("stack", (1 << 14, 1 << 16, 1 << 18)))
case("few_processes", *limits("nproc", (0, 1, 2)),
     allowed="RLIMIT_NPROC|fork automatic delivery")
case("little_time", *limits("cpu", (1,)), *limits("rttime", (1,)))
case("core_files", *limits("core", (0, "unlimited")))
case("nothing_locked", *limits("memlock", (0,)), *limits("sigpending", (0,)))



@check.case()
def user_small_files(world, machine):
    """What we write beside a delivery lies beyond the limit, which would be
    SIGXFSZ for Exim; what Exim writes does not."""
    sent = binding.delivered(world, machine)
    check.expect(sent.what == "verified", str(sent))
    for file in machine.state("journal").iterdir():
        with open(file, "ab") as journal:
            journal.write(b"\n" * (1 << 20))
    hostile(world, machine, limits("fsize", (0, 1, 1 << 16, 1 << 20)))


@check.case()
def resolver_with_small_limits(world, machine):
    """What it cannot do for want of something is not the domain's fault."""
    row = flow.rows("no-starttls")[0]
    for name, values in (("nofile", range(3, 13)), ("fsize", (0, 1000)),
                         ("as", range(8 << 20, 96 << 20, 4 << 20))):
        for value in values:
            done = machine.run("prlimit", f"--{name}={value}:{value}",
                               exim.RESOLVER, "-d", exim.STATE, row.zone,
                               check=False)
            check.expect("answer=none" not in done.stdout and
                         "cause=dns" not in done.stdout,
                         f"{name} {value}: {done.stdout}")
    mail = flow.Flow(world, machine, 0)
    for row in ROWS:
        address = f"after@{row.zone}"
        mail.record(address, row, submit(machine, address))
    judge(mail, machine)


# -- signals and timers ------------------------------------------------------

EVERY = set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}
SOME = (signal.SIGCHLD, signal.SIGPIPE, signal.SIGALRM, signal.SIGTERM)


def ignore(numbers):
    def before():
        for number in numbers:
            with contextlib.suppress(OSError):
                signal.signal(number, signal.SIG_IGN)
    return {"preexec_fn": before}


def block(numbers):
    return {"preexec_fn": lambda: signal.pthread_sigmask(signal.SIG_SETMASK,
                                                         numbers)}


def timer(kind, seconds):
    return {"preexec_fn": lambda: signal.setitimer(kind, seconds, seconds)}


case("signals_ignored", ignore(EVERY), *[ignore([one]) for one in SOME])
case("signals_blocked", block(EVERY), *[block([one]) for one in SOME])
case("timers", *[timer(kind, seconds) for seconds in (0.03, 0.3) for kind in
                 (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL,
                  signal.ITIMER_PROF)])

# -- what a process inherits besides -----------------------------------------


def shell(text):
    return {"before": ("sh", "-c", text + ' "$@"', "sh")}


case("descriptors_closed", shell("exec <&-"), shell("exec >&-;"),
     shell("exec 2>&-;"), shell("exec >&- 2>&-;"), shell("exec <&- >&- 2>&-;"))
case("mask_and_priority", shell("umask 0;"), shell("umask 777;"),
     {"before": ("nice", "-n", "19")},
     shell("echo 1000 >/proc/self/oom_score_adj;"))
case("strange_folder", shell("mkdir /tmp/v; cd /tmp/v; rmdir /tmp/v;"),
     {"first": ("env", "-C", "/root")},
     {"first": ("env", "-C", exim.STATE)})
case("own_namespace", {"before": ("unshare", "-U", "-r")},
     {"before": ("unshare", "-U")})

# -- the environment ---------------------------------------------------------

NOWHERE = "http://5.75.9.1:1"
ENVIRONMENT = {
    "TZ": "Asia/Kolkata", "LC_ALL": "tr_TR.UTF-8", "PATH": "/tmp:",
    "TMPDIR": "/nonexistent", "HOME": "/nonexistent", "IFS": "/",
    "LD_PRELOAD": "/tmp/evil.so", "LD_LIBRARY_PATH": "/tmp",
    "LD_AUDIT": "/tmp/evil.so", "LD_DEBUG": "all", "LD_BIND_NOW": "1",
    "GLIBC_TUNABLES": "glibc.malloc.check=3", "MALLOC_CHECK_": "3",
    "MALLOC_ARENA_MAX": "0", "MALLOC_PERTURB_": "165",
    "RES_OPTIONS": "ndots:9 attempts:0 timeout:0 use-vc rotate",
    "LOCALDOMAIN": "evil.example", "HOSTALIASES": "/tmp/aliases",
    "SSL_CERT_FILE": "/tmp/all.pem", "SSL_CERT_DIR": "/tmp",
    "CURL_CA_BUNDLE": "/tmp/all.pem", "CURL_HOME": "/tmp",
    "http_proxy": NOWHERE, "https_proxy": NOWHERE, "HTTPS_PROXY": NOWHERE,
    "ALL_PROXY": NOWHERE, "NO_PROXY": "", "OPENSSL_CONF": "/tmp/openssl.cnf",
    "OPENSSL_MODULES": "/tmp", "SSLKEYLOGFILE": "/tmp/keys",
    "GNUTLS_SYSTEM_PRIORITY_FILE": "/tmp/gnutls", "GNUTLS_FORCE_FIPS_MODE":
    "1", "GNUTLS_SYSTEM_PRIORITY_FAIL_ON_INVALID": "1",
    "GNUTLS_KEYLOGFILE": "/tmp/keys", "CARES_HOSTS": "/tmp/hosts",
    "STS_STATE": "/tmp", "MTA_STS_CONFIG": "/tmp/mta-sts.conf",
}


def environment(machine):
    """The files that the environment above names."""
    for name in ("aliases", "hosts"):
        machine.file(f"/tmp/{name}").write_text(
            f"mta-sts.{GOOD.zone} evil.example\n")
    machine.file("/tmp/gnutls").write_text(
        "[overrides]\ndefault-priority-string = NORMAL:%COMPAT\n")
    machine.file("/tmp/openssl.cnf").write_text("openssl_conf = none\n")
    machine.file("/tmp/all.pem").write_text("")


@check.case()
def user_environment(world, machine):
    environment(machine)
    words = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
    hostile(world, machine, [{"before": ("env", "-i", *words)}] +
            [{"before": ("env", word)} for word in words[::4]])
    for name in ("keys", "evil.example"):
        check.expect(not machine.file(f"/tmp/{name}").exists(), name)


@check.case()
def user_hangs_up(world, machine):
    """His terminal goes away while his mail is being delivered."""
    mail = flow.Flow(world, machine, 0)
    for number, delay in enumerate((0.01, 0.03, 0.06, 0.1, 0.2)):
        for row in ROWS:
            address = f"tty{number}@{row.zone}"
            mail.record(address, row, with_terminal(machine, address, delay))
    judge(mail, machine)


def with_terminal(machine, address, seconds):
    master, slave = pty.openpty()

    def session():
        os.setsid()
        with contextlib.suppress(OSError):  # it is gone already
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    hang_up = threading.Timer(seconds, os.close, (master,))
    hang_up.start()
    taken = submit(machine, address, preexec_fn=session)
    os.close(slave)
    hang_up.join()
    return taken


# -- Exim's own options ------------------------------------------------------

LOOSE = """\
begin routers
all:
  driver = dnslookup
  transport = plain
begin transports
plain:
  driver = smtp
begin retry
* * F,2h,15m
"""
CONFIG = "/tmp/loose.conf"
NO_MODULE = "-DMTASTS_LIB=/tmp/evil.so"


@check.case()
def user_other_configuration(world, machine):
    """With one of his own Exim gives up its rights, and can send nothing."""
    machine.file(CONFIG).write_text(LOOSE)
    hostile(world, machine, [{"after": words} for words in (
        ("-C", CONFIG), (NO_MODULE,), ("-DMTASTS_FAIL_OPEN=1",),
        ("-DMTASTS_CAS=/tmp/all.pem",))], allowed=".*")


case("claims", *[{"after": words} for words in (
    ("-oMr", "local"), ("-oMr", "smtp", "-oMa", "127.0.0.1"),
    ("-oMs", "mail.sender.example"), ("-f", "<>"), ("-odq",))])


def ask(machine, *words, **options):
    return machine.run(*USER, *words, check=False, **options).stdout


def call(function, *arguments):
    words = "".join(f"{{{word}}}" for word in arguments)
    return f"${{dlfunc{{{exim.MODULE}}}{{{function}}}{words}}}"


@check.case()
def user_asks_exim(world, machine):
    """-be, -bt and -bh tell him no more than the truth, and change none."""
    flow.prime(world, machine)
    mail = flow.Flow(world, machine, 0)
    for known in ("good", "forged", "two-labels"):
        zone = flow.rows(known)[0].zone
        for name in ("sts_mode", "sts_reject", "sts_reason"):
            said = ask(machine, SENDMAIL, "-be", call(name, zone))
            check.expect(said.strip() not in ("none", "testing", ""),
                         f"{name} {zone}: {said}")
    event = ("sts", "msg:host:defer", "TLS session:", GOOD.zone, "mx.evil",
             "5.75.9.1", "cipher= cv=0 dane=no ip= na= san=")
    ask(machine, SENDMAIL, "-be", call("sts_event", *event))
    routed = ask(machine, SENDMAIL, "-bt", f"bob@{GOOD.zone}")
    check.expect("router = mtasts," in routed, routed)
    routed = ask(machine, SENDMAIL, "-bt", "bob@forged.example")
    check.expect("mx.evil" not in routed, routed)
    ask(machine, SENDMAIL, "-bh", "5.75.9.1", input=(
        "HELO x\nMAIL FROM:<>\nRCPT TO:<bob@forged.example>\nQUIT\n"))
    for row in ROWS:
        address = f"after@{row.zone}"
        mail.record(address, row, submit(machine, address))
    judge(mail, machine)


@check.case()
def user_reads_the_state(world, machine):
    """He gets at no file of it, by no program of ours."""
    flow.prime(world, machine)
    files = [exim.STATE] + [f"{exim.STATE}/{file.relative_to(machine.state())}"
                            for file in machine.state().rglob("*")
                            if file.is_file()]
    for test in ("-r", "-w"):
        got = ask(machine, "sh", "-c", f'for f; do test {test} "$f" && '
                  'echo "$f"; done', "sh", *files)
        check.equal(got, "", f"files that are {test}")
    before = {file: file.read_bytes() for file in
              machine.state("policies").glob("*/*")}
    for words in (("cache", "list"), ("cache", "drop", GOOD.zone),
                  ("cache", "fsck"), ("refresh",),
                  ("query", GOOD.zone, "forged.example")):
        ask(machine, "mta-sts", *words)
    ask(machine, exim.RESOLVER, "-d", exim.STATE, GOOD.zone)
    check.equal({file: file.read_bytes() for file in before}, before,
                "policies")
    owner = machine.state().stat().st_uid
    for file in machine.state().rglob("*"):
        check.equal(file.lstat().st_uid, owner, f"owner of {file.name}")
