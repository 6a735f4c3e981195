# SPDX-License-Identifier: ISC
"""The sending machines: Debian's Exim, each in a root of its own."""
import re
import shutil

import net
import space
from machine import CONFIG, MESSAGE, RESOLVER, Machine, Software

SETTINGS = """\
dc_eximconfig_configtype='internet'
dc_other_hostnames='{sender}'
dc_local_interfaces=''
dc_readhost=''
dc_relay_domains=''
dc_minimaldns='false'
dc_relay_nets=''
dc_smarthost=''
CFILEMODE='644'
dc_use_split_config='{split}'
dc_hide_mailname='false'
dc_mailname_in_oh='true'
dc_localdelivery='mail_spool'
"""
SPOOL = "/var/spool/exim4"
LOG = "/var/log/exim4"
STATE = "/var/lib/mta-sts/exim"
MODULE = "/usr/lib/exim4/mta-sts.so"
STRICT = "T=remote_smtp_mtasts"
VERIFIED = {"yes": "verified", "no": "unverified", "dane": "dane"}
SHIPPED = "/usr/share/mta-sts/exim/conf.d"


def settled(log):
    """Has every bounce been dealt with?  Nobody lives at the sender's."""
    return all(re.search(rf"{number} (Frozen|Completed)", log)
               for number in re.findall(r"(\S+) <= <>", log))


class Plain(Machine):
    """An Exim as Debian ships it, configured for sending to the Internet."""
    mta = "exim"
    logs = LOG
    split = "true"

    def configure(self):
        self.file("/etc/exim4/update-exim4.conf.conf").write_text(
            SETTINGS.format(sender=net.SENDER, split=self.split))
        self.run("update-exim4.conf")

    def empty(self):
        """Empty queue and hints."""
        for folder in ("input", "msglog", "db"):
            for entry in self.file(f"{SPOOL}/{folder}").glob("*"):
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def reset(self):
        """Empty queue, hints and logs."""
        self.empty()
        for entry in self.file(LOG).glob("*"):
            entry.unlink()

    def send(self, *to, options=("-odi",), timeout=60):
        """Submit a message and wait for the first delivery attempt."""
        return self.run("exim4", *options, "-f", f"alice@{net.SENDER}", *to,
                        input=MESSAGE, timeout=timeout)

    def send_each(self, recipients):
        """The same for a message to each of RECIPIENTS."""
        for recipient in recipients:
            self.send(recipient)

    def take(self, address):
        """Try one message to ADDRESS, in a process of its own; was it
        accepted?"""
        return self.run("exim4", "-odi", "-f", f"alice@{net.SENDER}", address,
                        input=MESSAGE, check=False).returncode == 0

    def run_queue(self, option="-qff"):
        self.run("exim4", option)

    def retry(self, zones):
        """Try what waits for domains of ZONES, be it frozen."""
        for zone in zones:
            self.nudge(zone)

    def nudge(self, zone):
        self.run("exim4", "-Rff", f"@{zone}", check=False)

    def version(self):
        """Exim's version in numbers: (4, 96)."""
        said = self.run("exim4", "-bV").stdout
        return tuple(map(int, re.search(r"version ([\d.]+)", said)[1]
                         .split(".")))

    def read(self, name):
        file = self.file(f"{LOG}/{name}")
        return file.read_text(errors="replace") if file.exists() else ""

    def log(self):
        return self.read("mainlog")

    def panic(self):
        return self.read("paniclog")

    def queue(self):
        """Addresses still undelivered, frozen ones marked."""
        listing = self.run("exim4", "-bp").stdout
        frozen = " *frozen*" if "*** frozen ***" in listing else ""
        return [address + frozen for address in
                re.findall(r"^\s{10}([^\sD]\S*@\S+)$", listing, re.M)]

    # -- what the log says --------------------------------------------------

    def finish(self, mark):
        """Wait for every bounce told of behind MARK to be dealt with."""
        if self.returned(self.log()[mark:]):
            space.wait_for("the bounce", lambda: settled(self.log()))

    def returned(self, log):
        """Was mail given up?"""
        return " ** " in log

    def given_up(self):
        return re.findall(r"^.* \*\* .*$", self.log(), re.M)

    def reason(self, log):
        """Why a message waits, or None."""
        found = re.findall(r"== .*? defer \(-?\d+\)[^:]*: (.*)", log)
        return found[-1] if found else None

    def certificate(self, log, address):
        """What it thought of the one at ADDRESS, which may have aliases."""
        found = re.findall(rf"[=-]> .* \[{re.escape(address)}\].* CV=(\w+)",
                           log)
        return VERIFIED.get(found[-1], found[-1]) if found else "unlogged"

    def strict(self, log):
        return STRICT in log

    def route(self, address):
        return self.run("exim4", "-bt", address, check=False).stdout


class Ours(Software, Plain):
    """The same Exim with the module."""

    user = "Debian-exim"
    folder = STATE
    packaging = "exim"
    installed = (MODULE, RESOLVER, CONFIG)
    goal = "install-exim"


class Split(Ours):
    """Debian's split configuration with our files added."""

    def configure(self):
        self.run("cp", "-r", SHIPPED, "/etc/exim4/")
        super().configure()


class Single(Ours):
    """An exim4.conf written by hand, with three lines of ours."""

    def configure(self):
        self.file("/etc/exim4/exim4.conf").write_text(
            SINGLE.format(shipped=SHIPPED))
        self.run("exim4", "-bV")


SINGLE = """\
domainlist local_domains = @ : localhost
log_selector = +tls_certificate_verified
.include {shipped}/main/95_mta-sts

begin acl

begin routers
.include {shipped}/router/180_mta-sts

dnslookup:
  driver = dnslookup
  domains = ! +local_domains
  transport = remote_smtp
  ignore_target_hosts = 0.0.0.0 : 127.0.0.0/8
  no_more

localuser:
  driver = accept
  check_local_user
  transport = local_delivery

begin transports
.include {shipped}/transport/31_mta-sts

remote_smtp:
  driver = smtp
  event_action = MTASTS_PLAIN_EVENT
  multi_domain = MTASTS_SHARED

local_delivery:
  driver = appendfile
  file = /var/mail/$local_part_data

begin retry
* * F,2h,15m; G,16h,1h,1.5; F,4d,6h
"""


KINDS = {"plain": Plain, "split": Split, "single": Single}
