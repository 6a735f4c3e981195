# SPDX-License-Identifier: ISC
"""The shipped configuration beside what a site has of its own."""
import binding
import check
import domains
import exim
import outcome
from binding import GOOD
from row import NO_MX

LOCAL_MACROS = "/etc/exim4/conf.d/main/000_site"
DKIM = """\
DKIM_DOMAIN = mail.sender.example
DKIM_SELECTOR = test
DKIM_PRIVATE_KEY = /etc/exim4/dkim.key
DKIM_CANON = relaxed
REMOTE_SMTP_HELO_DATA = helo.sender.example
REMOTE_SMTP_INTERFACE = 5.75.0.2
"""


def site(machine, macros):
    """Add MACROS of the site's own."""
    machine.file(LOCAL_MACROS).write_text(macros)
    machine.run("update-exim4.conf")


def undo(machine):
    machine.file(LOCAL_MACROS).unlink(missing_ok=True)
    machine.configure()


@check.case()
def dkim_and_interface_of_the_site_are_kept(world, machine):
    machine.run("sh", "-c", "openssl genrsa -out /etc/exim4/dkim.key 2048"
                " && chmod 644 /etc/exim4/dkim.key")
    site(machine, DKIM)
    try:
        shown = machine.run("exim4", "-bP", "transport",
                            "remote_smtp_mtasts").stdout
        for line in ("dkim_domain = mail.sender.example",
                     "dkim_selector = test", "dkim_canon = relaxed",
                     "dkim_private_key = /etc/exim4/dkim.key",
                     "helo_data = helo.sender.example",
                     "interface = 5.75.0.2"):
            check.expect(line in shown, f"{line!r} not in:\n{shown}")
        mark = world.mark()
        binding.delivered(world, machine)
        taken = world.events(mark, "DATA")[0]
        check.expect("DKIM-Signature" in taken["header"], "not signed")
        said = world.events(mark, "EHLO")[-1]["line"]
        check.equal(said, "EHLO helo.sender.example", "EHLO")
    finally:
        undo(machine)


@check.case()
def tls_exceptions_of_the_site_are_not(world, machine):
    """REMOTE_SMTP_HOSTS_AVOID_TLS is for ordinary mail only."""
    site(machine, "REMOTE_SMTP_HOSTS_AVOID_TLS = *\n")
    try:
        binding.enforced(world, machine)
    finally:
        undo(machine)


@check.case()
def smarthost_is_left_alone(world, machine):
    settings = machine.file("/etc/exim4/update-exim4.conf.conf")
    text = settings.read_text().replace("'internet'", "'smarthost'") \
        .replace("dc_smarthost=''", "dc_smarthost='mx.good.example'")
    settings.write_text(text)
    machine.run("update-exim4.conf")
    try:
        route = machine.route(f"bob@{domains.BY_NAME['outside'].zone}")
        check.expect("router = smarthost" in route, route)
        check.expect("mx.good.example" in route, route)
    finally:
        undo(machine)


@check.case()
def missing_module_passes_mail_where_the_site_says_so(world, machine):
    site(machine, "MTASTS_FAIL_OPEN = yes\n")
    try:
        binding.enforced(world, machine)
        machine.file(exim.MODULE).unlink()
        binding.unprotected(world, machine)
    finally:
        undo(machine)


def test_route(world, machine):
    """exim4 -bt shows a user what will happen, without sending."""
    route = machine.route(f"bob@{GOOD.zone}")
    check.expect("transport = remote_smtp_mtasts" in route, route)
    route = machine.route(f"bob@{domains.BY_NAME['first-outside'].zone}")
    check.expect("mx2.first-outside" in route and
                 "mx1.first-outside" not in route, route)
    route = machine.route(f"bob@{domains.BY_NAME['outside'].zone}")
    check.expect(NO_MX in route, route)
    route = machine.route(f"bob@{domains.BY_NAME['no-policy'].zone}")
    check.expect("transport = remote_smtp\n" in route, route)


check.add("test_route_split", test_route, "split")
check.add("test_route_single", test_route, "single")
