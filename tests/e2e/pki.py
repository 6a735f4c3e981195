# SPDX-License-Identifier: ISC
"""The certificate authorities of the world, made by openssl once a day.

root -> intermediate -> leaf, and a second CA that nobody trusts.  One P-256
key serves every leaf: the faults are in the certificates, not in the keys.
"""
import datetime
import hashlib
import os
import pathlib
import shutil
import ssl
import subprocess

import domains
import root as debian
import space

CONFIG = """\
[req]
distinguished_name = dn
prompt = no
[dn]
CN = unused
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
"""

AUTHORITIES = """\
set -eu
key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \\
    -out "$1.key"; }
new() { faketime -f -90d openssl req -config config -new -x509 -sha256 "$@"; }
for name in root other middle leaf; do key $name; done
for name in root other; do
    new -key $name.key -subj "/CN=test $name CA" -extensions ca -days 3650 \\
        -out $name.pem
done
new -key middle.key -subj "/CN=test intermediate CA" -extensions ca \\
    -days 3000 -CA root.pem -CAkey root.key -out middle.pem
"""

# kind: (issuer, first day, last day, names); the names' {host} is what the
# host is called, {domain} whose it is.  A good one is good for clocks that
# are some weeks off.
KINDS = {
    "good": ("middle", -60, 60, "DNS:{host}"),
    "wrong-name": ("middle", -60, 60, "DNS:other.{host}"),
    "cn-only": ("middle", -60, 60, ""),
    "expired": ("middle", -60, -50, "DNS:{host}"),
    "not-yet-valid": ("middle", 50, 60, "DNS:{host}"),
    "unknown-ca": ("other", -60, 60, "DNS:{host}"),
    "nameless": ("other", -60, 60, ""),
}


def leaf(host, domain, kind):
    """Shell lines that make HOST.pem (with its chain) of that KIND."""
    issuer, first, last, names = KINDS[kind]
    names = names.format(host=host, domain=domain.zone)
    san = f'-addext "subjectAltName={names}"' if names else ""
    return (f"faketime -f {first:+}d openssl req -config config -new -x509"
            f' -sha256 -key leaf.key -subj "/CN={host[:64]}"'
            f" -extensions leaf {san} -days {last - first}"
            f" -CA {issuer}.pem -CAkey {issuer}.key -out {host}.pem\n"
            f"cat {issuer}.pem >>{host}.pem\n")


def script():
    """All that is to be done, as a shell script."""
    lines = [AUTHORITIES]
    lines += [leaf(name, domain, host.cert)
              for name, host, _, domain in domains.mail_hosts()]
    lines += [leaf(f"mta-sts.{domain.zone}", domain, domain.web.cert)
              for domain in domains.DOMAINS if domain.mode]
    return "".join(lines)


def issue(root, folder, text):
    """Run the script TEXT in FOLDER, which is /pki of ROOT."""
    folder.mkdir()
    (folder / "config").write_text(CONFIG)
    (folder / "make").write_text(text)
    space.run("chroot", root, "sh", "-c", "cd /pki; sh make >log 2>&1 ||"
              " { tail -5 log >&2; exit 1; }")


def make(root):
    """Put all certificates into /pki of ROOT.

    An openssl for each takes seconds, so the worlds of a day share them.
    """
    folder = pathlib.Path(root) / "pki"
    text = script()
    contents = f"{datetime.date.today()}\n{CONFIG}{text}"
    cache = debian.BUILD / "pki"
    kept = cache / hashlib.sha256(contents.encode()).hexdigest()
    with debian.lock():
        if kept.exists():
            shutil.copytree(kept, folder)
            return
        issue(root, folder, text)
        shutil.rmtree(cache, ignore_errors=True)
        shutil.copytree(folder, cache / "new")
        os.rename(cache / "new", kept)


def spki_sha256(root):
    """What a right TLSA 3 1 1 record says of the one leaf key."""
    done = subprocess.run(
        ["chroot", root, "openssl", "pkey", "-in", "/pki/leaf.key", "-pubout",
         "-outform", "DER"], capture_output=True, check=True, timeout=10)
    return hashlib.sha256(done.stdout).hexdigest()


def server_context(root, name):
    """A TLS server context with NAME's certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{root}/pki/{name}.pem", f"{root}/pki/leaf.key")
    return context
