# SPDX-License-Identifier: ISC
"""What a collector's socket is told: collector_server.py MTA-STS DIRECTORY

Writes journals, has them handed over by "report", and compares datagrams.
Ends with "N passed, N failed".
"""
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from loopback import NXDOMAIN, resolve  # noqa: E402
from siphash import checksum  # noqa: E402

OWNER = 65534
RECORD = "v=TLSRPTv1;rua=mailto:a@example.org,https://example.org/r?x=1"
POLICY = (b'version: STSv1\r\nmode: enforce\nmx: mx1.a.example\r\n'
          b'mx: *.a.example\r\nmax_age: 86400\r\nx: "\\\xc3\xa4\r\n')
LINES = ["version: STSv1", "mode: enforce", "mx: mx1.a.example",
         "mx: *.a.example", "max_age: 86400", 'x: "\\\u00e4']
ODD = b"mode: none\nbinary: \xef\xbf\xbf\0\n"
ODD_LINES = ["mode: none", "binary: \\239\\191\\191\\000"]
LARGE = b"\x01" * 65536
# Ours, and the library's number.
FAILURES = {"starttls-not-supported": 201, "certificate-host-mismatch": 202,
            "certificate-not-trusted": 203, "certificate-expired": 204,
            "validation-failure": 205, "sts-policy-fetch-error": 301,
            "sts-policy-invalid": 302, "sts-webpki-invalid": 303,
            "tlsa-invalid": 304, "dnssec-invalid": 305, "dane-required": 306}


class Zone:
    """Every domain asks for reports, but for one."""

    def get(self, name, default):
        if name == "_smtp._tls.none.example":
            return NXDOMAIN
        return {"TXT": [RECORD]}


class Site:
    """A state, a configuration, and perhaps a socket."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        self.journal = folder / "state" / "journal"
        self.path = folder / "socket"
        self.socket = None
        self.journal.mkdir(parents=True, mode=0o700)
        for path in (self.journal.parent, self.journal):
            path.chmod(0o700)
            os.chown(path, OWNER, OWNER)
        (folder / "conf").write_text(
            f"state {self.journal.parent}\nreport-collector {self.path}\n"
            f"resolver 127.0.0.1:{resolve(Zone())}\n")

    def write(self, name, data):
        with open(self.journal / name, "ab") as file:
            file.write(data)
        os.chown(self.journal / name, OWNER, OWNER)

    def add(self, domain, kind="no-policy-found", result="success", mx="",
            policy=None, address="", reason=""):
        now = int(time.time())
        number = checksum(policy) if policy else 0
        line = (f"1 at={now} domain={domain} type={kind} mode=enforce "
                f"policy={number:016x} mx={mx} address={address} "
                f"from={address and '2001:0db8::09'} result={result} mta=exim "
                f"reason={reason}").encode()
        self.write(time.strftime("%Y-%m-%d", time.gmtime(now)),
                   b"\nsession %d %016x %s\n" % (len(line), checksum(line),
                                                 line))

    def serve(self, domain, policy):
        self.write(f"policy-{checksum(domain.encode()):016x}-"
                   f"{checksum(policy):016x}", domain.encode() + b"\n" + policy)

    def listen(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.path.chmod(0o777)

    def hang_up(self):
        self.socket.close()
        self.path.unlink()

    def report(self):
        """(exit status, what is told, what is said)"""
        done = subprocess.run(
            [self.program, "report", "-jc", self.folder / "conf"],
            capture_output=True, text=True, timeout=60)
        told = json.loads(done.stdout) if done.stdout else {}
        return done.returncode, told, done.stderr

    def datagrams(self):
        """All that wait, without the version of the protocol."""
        found = []
        self.socket.setblocking(False)
        try:
            while True:
                found.append(json.loads(self.socket.recv(1 << 20)))
                found[-1].pop("dpv", None)
        except BlockingIOError:
            return found
        finally:
            self.socket.setblocking(True)

    def left(self):
        return [path.name for path in self.journal.iterdir()
                if not path.name.startswith("policy-")]


def datagram(domain, kind, lines=(), hosts=(), failure=None, about=None):
    """As libtlsrpt 0.5.0 puts it; later ones tell a version as well."""
    policy = {"policy-type": kind, "policy-domain": about or domain,
              "t": 1 if failure else 0, "f": 1 if failure else 0}
    if lines:
        policy["policy-string"] = list(lines)
    if hosts:
        policy["mx-host"] = list(hosts)
    if failure:
        policy["failure-details"] = [failure]
    return {"d": domain, "pr": RECORD, "policies": [policy]}


def same_session_of_each_type(site):
    site.serve("a.example", POLICY)
    site.serve("odd.example", ODD)
    site.add("a.example", "sts", policy=POLICY)
    site.add("odd.example", "sts", "sts-policy-invalid", policy=ODD)
    site.add("b.example", "tlsa", mx="mx.c.example")
    site.add("none.example")
    site.add("d.example", address="192.0.2.1", mx="mx.d.example")
    expect(site.report(), (0, {"sessions": 4, "unwanted": 1, "waiting": 0,
                               "given_up": 0, "damaged_records": 0}, ""))
    expect(site.datagrams(), [
        datagram("a.example", 2, LINES, ["mx1.a.example", "*.a.example"]),
        datagram("odd.example", 2, ODD_LINES, failure={"c": 302}),
        datagram("b.example", 1, about="mx.c.example"),
        datagram("d.example", 9)])
    expect(site.left(), [])


def each_failure(site):
    for result in FAILURES:
        site.add("a.example", "sts", result, "mx.a.example", POLICY,
                 "2001:0DB8:0::1", "a \"quoted\" reason")
    expect(site.report()[:2], (0, {
        "sessions": len(FAILURES), "unwanted": 0, "waiting": 0,
        "given_up": 0, "damaged_records": 0}))
    expect(site.datagrams(), [datagram(
        "a.example", 2, LINES, ["mx1.a.example", "*.a.example"],
        {"c": code, "s": "2001:db8::9", "n": "mx.a.example",
         "r": "2001:db8::1", "f": "a \"quoted\" reason"})
        for code in FAILURES.values()])


def one_that_is_too_large(site):
    site.serve("large.example", LARGE)
    site.add("large.example", "sts", policy=LARGE)
    site.add("a.example")
    status, told, said = site.report()
    expect((status, told["sessions"], told["given_up"]), (1, 1, 1))
    expect("large.example" in said, True)
    expect(len(site.datagrams()), 1)


def a_socket_that_is_absent(site):
    site.hang_up()
    site.add("a.example")
    status, told, said = site.report()
    expect((status, told), (2, {}))
    expect(said, f"mta-sts: {site.path}: No such file or directory\n")
    site.listen()
    expect(site.report()[0], 0)
    expect(len(site.datagrams()), 1)


def a_socket_that_is_full(site):
    """Nobody reads; then somebody does."""
    count = 3000
    for number in range(count):
        site.add(f"d{number % 3}.example", reason=str(number))
    began = time.monotonic()
    status, _, said = site.report()
    expect((status, time.monotonic() - began < 10), (2, True))
    expect(said, f"mta-sts: {site.path}: Resource temporarily unavailable\n")
    seen = []

    def read():
        while len(seen) < count:
            seen.append(json.loads(site.socket.recv(65536))["d"])

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    expect(site.report()[0], 0)
    reader.join(10)
    expect(seen, [f"d{number % 3}.example" for number in range(count)])
    expect(site.left(), [])


results = []


def expect(got, want):
    results.append(got == want)
    if got != want:
        print(f"FAILED:\n  {got!r:.2000}\n  {want!r:.2000}")


def main(program, folder):
    site = Site(program, pathlib.Path(folder))
    site.listen()
    for case in (same_session_of_each_type, each_failure,
                 one_that_is_too_large, a_socket_that_is_absent,
                 a_socket_that_is_full):
        print(case.__name__)
        case(site)
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 1 if False in results else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
