# SPDX-License-Identifier: ISC
"""To whom reports go, and that each gets there once, whatever is in the way.

Most is told by one domain whose reports go to one collector.
"""
import collections
import concurrent.futures
import contextlib
import hashlib
import signal
import subprocess

import check
import collector
import domains
import reporter
import signature
import tlsrpt
from domains import reports

HTTPS = domains.BY_NAME["rua-https"]
BOTH = domains.BY_NAME["rua-both"]
MAIL = domains.BY_NAME["rua-mail"]
POSTED = ("rua-https", "rua-self-signed", "rua-two-uris")
FAILING = (302, 400, 500, "closed", "garbage")
QUARTER = 0.26  # hours until the next try
ONE = {("no-policy-found", "success"): 1}
SIZE = "20m"  # of a state that can be filled
CUTS = 24  # runs that are killed
CUT = 0.006  # seconds that each runs longer than the one before


def begin(machine, *rows, day=0, **settings):
    """A session with each of ROWS at noon; an hour after midnight now."""
    reporter.configure(machine, report_delay="0s", **settings)
    reporter.at(machine, day, 12)
    machine.send_each([row.recipient for row in rows])
    reporter.at(machine, day + 1, 1.1)


def numbers(said, *names):
    return tuple(said[name] for name in names)


def sent_once(world, *rows):
    """Each of ROWS' reports was accepted once by whoever wants it."""
    found = sorted((one.domain, one.to) for one in reporter.posted(world))
    check.equal(found, sorted((row.zone, to) for row in rows
                              for to in row.reported if "@" not in to),
                "accepted")


# -- to whom -----------------------------------------------------------------

@check.case()
def reports_go_where_the_record_says(world, machine):
    mark = world.mark()
    with signature.exim(world, machine):
        begin(machine, *reports.ROWS[1:])
        count = sum("@" in to for row in reports.ROWS[1:]
                    for to in row.reported or ())
        reporter.run(machine)
        found = collections.defaultdict(set)
        for one in reporter.settled(world, machine, mark, count):
            found[one.domain].add(one.to)
    check.equal(dict(found), {row.zone: {*row.reported}
                              for row in reports.ROWS if row.reported},
                "reports went")


@check.case()
def no_mail_while_nobody_signs(world, machine):
    mark = world.mark()
    begin(machine, BOTH, MAIL, report_dkim="no")
    said = reporter.run(machine)
    check.expect("report-dkim" in said["said"], said)
    check.equal(said["sent"], 1, "sent")
    sent_once(world, BOTH)
    check.equal((reporter.mailed(world, mark), machine.queue()), ([], []),
                "mail")


@check.case()
def suppressed_reports_stay(world, machine):
    """By domain, address or URI, or the domain of one."""
    mark = world.mark()
    with signature.exim(world, machine):
        begin(machine, HTTPS, BOTH, MAIL,
              domains.BY_NAME["rua-third-party"],
              domains.BY_NAME["rua-encoded"])
        for text in (HTTPS.zone, reports.URI, MAIL.reported[0],
                     "good.example"):
            with open(machine.file("/etc/mta-sts.conf"), "a") as file:
                file.write(f"report-suppress {text}\n")
        reporter.run(machine)
        got = reporter.settled(world, machine, mark, 2)
    check.equal({one.to for one in got},
                {BOTH.reported[0], "tls-reports@rua-encoded.example",
                 f"{reports.URI}?a=%2C%21%3B"}, "reports went to")


@check.case()
def one_receiver_gets_no_more_than_its_share(world, machine):
    rows = [domains.BY_NAME[name] for name in
            ("rua-https", "rua-both", "rua-blanks", "rua-two-uris")]
    begin(machine, *rows, report_dkim="no", report_per_rua="2")
    for count in 2, 4, 4:
        reporter.run(machine)
        check.equal(sum(one.to == reports.URI
                        for one in reporter.posted(world)), count,
                    "posts to one collector")


# -- until it is accepted ------------------------------------------------------

@check.case()
def report_is_tried_until_accepted(world, machine):
    """The same report each time, and never again after that."""
    begin(machine, HTTPS)
    world.collector.say(*FAILING)
    for answer in FAILING:
        said = reporter.run(machine, "--now", wanted=1)
        check.equal(numbers(said, "sent", "failed", "waiting"), (0, 1, 1),
                    f"after {answer}")
    check.equal(reporter.run(machine)["waiting"], 1, "in a hurry")
    check.equal(reporter.run(machine, "--now")["sent"], 1, "sent")
    check.equal(reporter.run(machine, "--now")["sent"], 0, "sent again")
    check.equal(len(world.collector.posts), len(FAILING) + 1, "posts")
    check.equal(len({post.body for post in world.collector.posts}), 1,
                "different reports")
    check.expect(all(post.host == collector.HOST
                     for post in world.collector.posts), "redirected")
    sent_once(world, HTTPS)


@check.case()
def each_rua_is_tried_for_itself(world, machine):
    row = domains.BY_NAME["rua-two-uris"]
    begin(machine, row)
    world.collector.say(500)
    check.equal(numbers(reporter.run(machine, wanted=1), "sent", "failed"),
                (1, 1), "sent, failed")
    reporter.at(machine, 1, 1.1 + QUARTER)
    check.equal(reporter.run(machine)["sent"], 1, "sent")
    sent_once(world, row)


@contextlib.contextmanager
def down(world):
    """Nobody reaches the collector."""
    pair = collector.ADDRESSES[collector.HOST]
    world.kill_host(pair)
    try:
        yield
    finally:
        world.revive_host(pair)


def tried(machine, hours):
    """What came of a try at each of HOURS after the first, in vain."""
    for hour in hours:
        reporter.at(machine, 1, 1.1 + hour)
        said = reporter.run(machine, wanted=1)
        check.equal(said["sent"], 0, f"sent after {hour} h")
        yield said


@check.case()
def collector_down_for_three_hours(world, machine):
    begin(machine, HTTPS)
    with down(world):
        for said in tried(machine, (0, 1, 3)):
            check.equal(numbers(said, "given_up", "waiting"), (0, 1), said)
    reporter.at(machine, 1, 8)
    check.equal(reporter.run(machine)["sent"], 1, "sent")
    sent_once(world, HTTPS)


@check.case()
def collector_down_for_a_day(world, machine):
    """Then it is over, and said so."""
    begin(machine, HTTPS)
    with down(world):
        *before, said = tried(machine, (0, 4, 8, 16, 23, 28))
    check.equal([one["given_up"] for one in before], [0] * 5, "given up")
    check.equal(numbers(said, "given_up", "waiting"), (1, 0), said)
    check.expect("given up after a day" in said["said"] and
                 HTTPS.zone in said["said"], said)
    check.equal(numbers(reporter.run(machine, "--now"), "reports", "sent"),
                (0, 0), "afterwards")
    check.equal(world.collector.posts, [], "posts")


@check.case()
def days_that_were_missed(world, machine):
    for day in range(3):
        begin(machine, HTTPS, day=day)
    reporter.at(machine, 6, 3)
    check.equal(numbers(reporter.run(machine), "days", "sent"), (3, 3),
                "days, sent")
    got = reporter.posted(world)
    check.equal(sorted(one.day for one in got),
                [reporter.date(day) for day in range(3)], "days")
    for one in got:
        check.equal(reporter.told(one.document), ONE, one.day)


# -- once --------------------------------------------------------------------

@check.case()
def two_runs_at_once(world, machine):
    begin(machine, *(domains.BY_NAME[name] for name in POSTED))
    world.collector.pause = 0.5
    with concurrent.futures.ThreadPoolExecutor() as pool:
        runs = [pool.submit(machine.run, "mta-sts", "report")
                for _ in range(3)]
        concurrent.futures.wait(runs)
    for one in runs:
        check.equal(one.result().returncode, 0, "exit status")
    reporter.run(machine, "--now")
    sent_once(world, *(domains.BY_NAME[name] for name in POSTED))


def cut(world, machine, seconds):
    """A run that is killed after SECONDS."""
    process = world.spawn("report", "sender", machine.name, "mta-sts",
                          "report", "--now")
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    del world.processes["report"]
    process.send_signal(signal.SIGKILL)
    process.wait()


@check.case()
def killed_anywhere(world, machine):
    """Each session is in one report; that may have been sent twice."""
    rows = [domains.BY_NAME[name] for name in POSTED]
    begin(machine, *rows)
    world.collector.pause = 0.02
    for number in range(CUTS):
        cut(world, machine, CUT * number)
    reporter.run(machine, "--now")
    check.equal(reporter.run(machine, "--now")["waiting"], 0, "waiting")
    found = {}
    for one in reporter.posted(world):
        check.equal(reporter.told(one.document), ONE, one.to)
        found.setdefault((one.domain, one.to), set()).add(
            one.document["report-id"])
    check.equal({key: len(ids) for key, ids in found.items()},
                {(row.zone, to): 1 for row in rows for to in row.reported},
                "reports")


# -- faults of ours ------------------------------------------------------------

@check.case()
def state_not_writable(world, machine):
    """It is said, nothing is lost, and afterwards all is as ever."""
    begin(machine, HTTPS)
    folder = f"{machine.folder}/reports"
    machine.run("sh", "-c", f"rm -rf {folder}; install -d -m 0500 -o root"
                f" {folder}")
    done = machine.run("mta-sts", "report", check=False)
    check.equal(done.returncode, 2, "exit status")
    check.expect("reports" in done.stderr, done.stderr)
    check.equal(world.collector.posts, [], "posts")
    machine.run("rmdir", folder)
    check.equal(reporter.run(machine, "--now")["sent"], 1, "sent")
    sent_once(world, HTTPS)


@check.case()
def disk_full(world, machine):
    machine.run("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs",
                machine.folder)
    machine.run("sh", "-c", f"chown {machine.user}: {machine.folder};"
                f" chmod 0700 {machine.folder}")
    begin(machine, HTTPS)
    filler = f"{machine.folder}/filler"
    machine.run("dd", "if=/dev/zero", f"of={filler}", "bs=4k", check=False)
    done = machine.run("mta-sts", "report", "--now", check=False)
    check.equal(done.returncode, 2, f"{done.stdout}{done.stderr}exit status")
    machine.run("rm", filler)
    reporter.run(machine, "--now")
    check.equal(reporter.run(machine, "--now")["waiting"], 0, "waiting")
    got = {one.document["report-id"]: one for one in reporter.posted(world)}
    check.equal([reporter.told(one.document) for one in got.values()], [ONE],
                "reports")


# -- for the caller ------------------------------------------------------------

def tree(machine):
    """What is in the state, and since when."""
    found = {}
    for path in sorted(machine.state().rglob("*")):
        about = path.stat()
        found[str(path)] = (about.st_mtime_ns, about.st_mode, about.st_uid,
                            path.is_file() and hashlib.sha256(
                                path.read_bytes()).hexdigest())
    return found


def unnamed(documents):
    """Without the name that a report has from when it is made for good."""
    return {zone: {**document, "report-id": None}
            for zone, document in documents.items()}


@check.case()
def dry_run_and_output_change_nothing(world, machine):
    begin(machine, HTTPS, MAIL)
    machine.run("install", "-d", "-o", machine.user, "/srv/reports")
    before = tree(machine)
    shown = reporter.shown(machine)
    machine.run("mta-sts", "report", "--output", "/srv/reports")
    check.equal(tree(machine), before, "state")
    check.equal(world.collector.posts, [], "posts")
    check.equal({zone: reporter.told(one) for zone, one in shown.items()},
                {HTTPS.zone: ONE, MAIL.zone: ONE}, "shown")
    written = {}
    for file in machine.file("/srv/reports").glob("*"):
        complaints, document = tlsrpt.body(file.read_bytes(), tlsrpt.GZIP)
        check.equal(complaints, [], f"complaints of {file.name}")
        name = tlsrpt.FILE.fullmatch(file.name)
        check.expect(name and name["domain"] == reporter.domain(document),
                     file.name)
        written[reporter.domain(document)] = document
    check.equal(unnamed(written), unnamed(shown), "written")
    reporter.run(machine)
    (one,) = reporter.posted(world)
    check.equal(unnamed({one.domain: one.document})[HTTPS.zone],
                unnamed(shown)[HTTPS.zone], "sent in the end")


@check.case()
def journals_of_two_hosts(world, machine):
    """Copied to one of them, which reports for both, once."""
    other = world.sender("single")
    begin(other, HTTPS)
    begin(machine, HTTPS, BOTH, report_dkim="no")
    machine.run("mkdir", "-p", "/srv/other")
    for file in other.state("journal").iterdir():
        machine.file(f"/srv/other/{file.name}").write_bytes(file.read_bytes())
    before = [file.read_bytes() for file in
              machine.file("/srv/other").iterdir()]
    for _ in range(2):
        reporter.run(machine, "--now", "--journal", "/srv/other")
    sent_once(world, HTTPS, BOTH)
    told = {one.domain: reporter.told(one.document)
            for one in reporter.posted(world)}
    check.equal(told, {HTTPS.zone: {("no-policy-found", "success"): 2},
                       BOTH.zone: ONE}, "told")
    check.equal([file.read_bytes() for file in
                 machine.file("/srv/other").iterdir()], before, "the copy")
