# SPDX-License-Identifier: ISC
"""The policy hosts: one nginx whose configuration never changes, and a
program of ours (policyhost.py) for what nginx would never do.

Each host name has a folder with its certificate and its policy.  Faults are
files in that folder too, so a case breaks a host without a reload:
    no mta-sts.txt: 404    a file "500" or "redirect": that    "slow": drip
    "does": what a host of policyhost.py does instead of what its row says
"""
import json
import os
import pathlib
import shutil
import sys

import domains
import net
import space

CONFIG = """\
user www-data;
worker_processes 1;
daemon off;
pid /run/nginx.pid;
error_log /web/error.log warn;
# Each address it listens on counts as a connection.
events { worker_connections 8192; }
worker_rlimit_nofile 16384;
http {
    log_format line escape=json '{"time":$msec,"host":"$host",'
        '"request":"$request","status":$status,"client":"$remote_addr"}';
    access_log /web/access.log line;
    types { }
    default_type text/plain;
    keepalive_timeout 0;
    server {
        @LISTEN@
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate /web/$ssl_server_name/cert.pem;
        ssl_certificate_key /web/$ssl_server_name/key.pem;
        root /web/$host;
        location = /.well-known/mta-sts.txt {
            if (-f /web/$host/500) { return 500; }
            if (-f /web/$host/redirect) { return 301 https://$host/other; }
            if (-f /web/$host/slow) { set $limit_rate 1; }
            rewrite ^ /mta-sts.txt break;
        }
        location / { return 404; }
    }
}
"""
OURS = ("good", "down", "silent")  # what a row says its policy host does
FAULTS = ("500", "redirect", "slow", "does")


def is_scripted(domain):
    """Is its policy host none of nginx's?"""
    return domain.mode is not None and domain.web.does not in OURS


class Web:
    def __init__(self, world):
        self.world = world
        self.root = pathlib.Path(world.root("servers"))
        self.log = world.path("log", "policyhost.json")
        self.changed = set()  # names of domains whose host is not in order

    def folder(self, domain):
        return self.root / "web" / f"mta-sts.{domain.zone}"

    def make(self):
        (self.root / "web").mkdir(mode=0o755)
        listen = ""
        for domain in domains.DOMAINS:
            if domain.mode is None:
                continue
            v4, v6 = net.web(domain.number)
            if not is_scripted(domain):
                listen += f"listen {v4}:443 ssl; listen [{v6}]:443 ssl;\n"
            self.folder(domain).mkdir(mode=0o755)
            self.repair(domain)
        (self.root / "etc/nginx/nginx.conf").write_text(
            CONFIG.replace("@LISTEN@", listen))
        self.changed.clear()

    def start(self):
        self.world.spawn("nginx", "internet", "servers", "nginx")
        self.world.spawn("policyhost", "internet", None, sys.executable,
                         space.HERE / "policyhost.py", self.root, self.log)
        space.wait_for("policyhost", lambda: self.events("READY"))

    def repair(self, domain):
        """Serve what the domain's row says."""
        for fault in FAULTS:
            (self.folder(domain) / fault).unlink(missing_ok=True)
        self.serve(domain, domain.served())
        self.certificate(domain, f"mta-sts.{domain.zone}")

    def reset(self):
        for name in sorted(self.changed):
            self.repair(domains.BY_NAME[name])
        self.changed.clear()
        os.truncate(self.root / "web" / "access.log", 0)
        broken = self.events("BROKEN")
        os.truncate(self.log, 0)
        if broken:
            raise RuntimeError(f"policyhost: {broken[0]}")

    def serve(self, domain, text):
        """Serve TEXT, str or bytes, as the policy; None: 404."""
        self.changed.add(domain.name)
        file = self.folder(domain) / "mta-sts.txt"
        if text is None:
            file.unlink(missing_ok=True)
        else:
            file.write_bytes(text.encode() if isinstance(text, str) else text)

    def certificate(self, domain, name):
        """Present the certificate made for NAME."""
        self.changed.add(domain.name)
        folder = self.folder(domain)
        shutil.copy(self.root / "pki" / f"{name}.pem", folder / "cert.pem")
        # Loaded by the worker at each handshake, so it must read the key.
        shutil.copy(self.root / "pki" / f"{name}.key", folder / "key.pem")
        (folder / "key.pem").chmod(0o644)

    def fault(self, domain, name):
        self.changed.add(domain.name)
        (self.folder(domain) / name).touch()

    def behave(self, domain, name):
        """Let a host of policyhost.py do NAME from now on."""
        self.changed.add(domain.name)
        (self.folder(domain) / "does").write_text(name)

    def requests(self, domain=None):
        """Log entries of policy fetches, all or for one DOMAIN."""
        log = self.root / "web" / "access.log"
        if not log.exists():
            return []
        entries = [json.loads(line) for line in log.read_text().splitlines()]
        return [entry for entry in entries if domain is None or
                entry["host"] == f"mta-sts.{domain.zone}"]

    def events(self, event, domain=None):
        """What policyhost.py has logged, of all hosts or of DOMAIN's."""
        if not self.log.exists():
            return []
        entries = [json.loads(line)
                   for line in self.log.read_text().splitlines()]
        return [entry for entry in entries if entry["event"] == event and
                (domain is None or
                 entry["host"] == f"mta-sts.{domain.zone}")]
