# SPDX-License-Identifier: ISC
"""The shipped configuration beside what a site has of its own."""
import contextlib

import binding
import check
import domains
import exim
import outcome
from binding import GOOD
from cases.reuse import HOST
from row import NO_MX

OUTSIDE = domains.BY_NAME["outside"]
LOCAL_MACROS = "/etc/exim4/conf.d/main/000_site"
DKIM = """\
DKIM_DOMAIN = mail.sender.example
DKIM_SELECTOR = test
DKIM_PRIVATE_KEY = /etc/exim4/dkim.key
DKIM_CANON = relaxed
REMOTE_SMTP_HELO_DATA = helo.sender.example
REMOTE_SMTP_INTERFACE = 5.75.0.2
"""


@contextlib.contextmanager
def site(machine, macros="", files=()):
    """MACHINE with the site's own MACROS and FILES: (path, text) pairs."""
    texts = dict(files, **{LOCAL_MACROS: macros})
    try:
        for path, text in texts.items():
            machine.file(path).write_text(text)
        machine.run("update-exim4.conf")
        yield
    finally:
        for path in texts:
            machine.file(path).unlink()
        machine.run("update-exim4.conf")


@check.case()
def dkim_and_interface_of_the_site_are_kept(world, machine):
    machine.run("sh", "-c", "openssl genrsa -out /etc/exim4/dkim.key 2048"
                " && chmod 644 /etc/exim4/dkim.key")
    with site(machine, DKIM):
        shown = machine.run("exim4", "-bP", "transport",
                            "remote_smtp_mtasts").stdout
        for line in ("{mail.sender.example}", "{/etc/exim4/dkim.key}",
                     "dkim_selector = test", "dkim_canon = relaxed",
                     "helo_data = helo.sender.example",
                     "interface = 5.75.0.2"):
            check.expect(line in shown, f"{line!r} not in:\n{shown}")
        mark = world.mark()
        binding.delivered(world, machine)
        taken = world.events(mark, "DATA")[0]
        check.expect("DKIM-Signature" in taken["header"], "not signed")
        said = world.events(mark, "EHLO")[-1]["line"]
        check.equal(said, "EHLO helo.sender.example", "EHLO")


@check.case()
def no_dkim_domain_no_signature(world, machine):
    """Whatever else of DKIM the site sets, even strictness."""
    rest = DKIM.partition("\n")[2] + "DKIM_STRICT = true\n"
    for domain in ("", "DKIM_DOMAIN = ${if def:h_X-None:{other.example}}\n"):
        with site(machine, domain + rest):
            mark = world.mark()
            binding.delivered(world, machine)
            taken = world.events(mark, "DATA")[0]
            check.expect("DKIM" not in taken["header"], taken["header"])


@check.case()
def tls_exceptions_of_the_site_are_not(world, machine):
    """REMOTE_SMTP_HOSTS_AVOID_TLS is for ordinary mail only."""
    with site(machine, "REMOTE_SMTP_HOSTS_AVOID_TLS = *\n"):
        binding.enforced(world, machine)


@check.case()
def smarthost_is_left_alone(world, machine):
    """Nobody asks for a policy, the recipient's or the host's own."""
    settings = machine.file("/etc/exim4/update-exim4.conf.conf")
    text = settings.read_text().replace("'internet'", "'smarthost'") \
        .replace("dc_smarthost=''", "dc_smarthost='mx.good.example'")
    settings.write_text(text)
    machine.run("update-exim4.conf")
    try:
        route = machine.route(f"bob@{OUTSIDE.zone}")
        check.expect("router = smarthost" in route, route)
        got = outcome.deliver(world, machine, f"bob@{OUTSIDE.zone}")
        check.equal((got.host, got.met), (HOST, {HOST}), got.log)
        check.equal(world.web.requests(OUTSIDE), [], "policy fetches")
    finally:
        machine.configure()


@check.case()
def missing_module_passes_mail_where_the_site_says_so(world, machine):
    with site(machine, "MTASTS_FAIL_OPEN = yes\n"):
        binding.enforced(world, machine)
        machine.file(exim.MODULE).unlink()
        binding.unprotected(world, machine)


def test_route(world, machine):
    """exim4 -bt shows a user what will happen, without sending."""
    route = machine.route(f"bob@{GOOD.zone}")
    check.expect("transport = remote_smtp_mtasts" in route, route)
    route = machine.route(f"bob@{domains.BY_NAME['first-outside'].zone}")
    check.expect("mx2.first-outside" in route and
                 "mx1.first-outside" not in route, route)
    route = machine.route(f"bob@{OUTSIDE.zone}")
    check.expect(NO_MX in route, route)
    route = machine.route(f"bob@{domains.BY_NAME['no-policy'].zone}")
    check.expect("transport = remote_smtp\n" in route, route)


check.add("test_route_split", test_route, "split")
check.add("test_route_single", test_route, "single")
