# SPDX-License-Identifier: ISC
"""The certificate authorities of the world, made by openssl once a day.

root -> intermediate -> leaf, and a second CA that nobody trusts.  One P-256
key serves nearly every leaf: the faults are in the certificates.
"""
import dataclasses
import datetime
import hashlib
import os
import pathlib
import shutil
import ssl
import subprocess

import collector
import domains
import net
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
[narrow]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
nameConstraints = critical, permitted;DNS:elsewhere.example
[no-ca]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
subjectKeyIdentifier = hash
"""

AUTHORITIES = """\
set -eu
key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \\
    -out "$1.key"; }
rsa() { openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:$2 \\
    -out "$1.key"; }
new() { faketime -f -90d openssl req -config config -new -x509 -sha256 "$@"; }
below_root() { new -key $1.key -subj "/CN=test $1 CA" -extensions $2 \\
    -days $3 -CA root.pem -CAkey root.key -out $1.pem; }
for name in root other middle late narrow no-ca leaf; do key $name; done
rsa rsa 2048
rsa short 1024
openssl dhparam -dsaparam -out dh.pem 1024
for name in root other; do
    new -key $name.key -subj "/CN=test $name CA" -extensions ca -days 3650 \\
        -out $name.pem
done
below_root middle ca 3000
below_root late ca 60
below_root narrow narrow 3000
below_root no-ca no-ca 3000
"""


@dataclasses.dataclass(frozen=True)
class Kind:
    """How a certificate is made; a good one unless it says otherwise.

    A good one is good for clocks that are some weeks off.  names: {host} is
    what the host is called, {HOST} the same in capitals, {parent} without
    its first label, {domain} whose it is, {v4} and {v6} its addresses.
    """
    names: str = "DNS:{host}"
    issuer: str = "middle"  # None: itself
    first: int = -60  # day
    last: int = 60
    chain: tuple = None  # what is sent beside it; default: the issuer
    key: str = "leaf"
    digest: str = "sha256"
    basic: str = "CA:FALSE"
    use: str = "serverAuth"
    more: str = None  # one more extension


KINDS = {
    "good": Kind(),
    "wrong-name": Kind("DNS:other.{host}"),
    "cn-only": Kind(""),
    "expired": Kind(last=-50),
    "not-yet-valid": Kind(first=50),
    "self-signed": Kind(issuer=None),
    "unknown-ca": Kind(issuer="other"),
    "nameless": Kind("", issuer="other"),
    "expired-unknown": Kind(issuer="other", last=-50),
    # The chain.
    "no-intermediate": Kind(chain=()),
    "chain-with-root": Kind(chain=("middle", "root")),
    "chain-in-disorder": Kind(chain=("other", "root", "middle")),
    "expired-intermediate": Kind(issuer="late"),
    "name-constraints": Kind(issuer="narrow"),
    "not-by-ca": Kind(issuer="no-ca"),
    "ca-leaf": Kind(basic="CA:TRUE"),
    # Other names than the host's own, or spelt otherwise.
    "domain-only": Kind("DNS:{domain}"),
    "alias-only": Kind("DNS:real.{domain}"),
    "below-domain": Kind("DNS:*.{domain}"),
    "wildcard": Kind("DNS:*.{parent}"),
    "wildcard-twice": Kind("DNS:*.*.{domain}"),
    "wildcard-itself": Kind("DNS:*.{host}"),
    "wildcard-partial": Kind("DNS:m*.{parent}"),
    "wildcard-tld": Kind("DNS:*." + net.TLD),
    "wildcard-two-labels": Kind("DNS:*.*." + net.TLD),
    "wildcard-inside": Kind("DNS:mta-sts.*." + net.TLD),
    "wildcard-all": Kind("DNS:*"),
    "provider": Kind("DNS:mta-sts.good." + net.TLD),
    "first-dot": Kind("DNS:.{domain}"),
    "ip-only": Kind("IP:{v4},IP:{v6}"),
    "ip-as-name": Kind("DNS:{v4}"),
    "ip-and-name": Kind("IP:{v4},DNS:{host}"),
    "uri-only": Kind("URI:smtp://{host}/"),
    "mail-only": Kind("email:postmaster@{host}"),
    "capitals": Kind("DNS:{HOST}"),
    "final-dot": Kind("DNS:{host}."),
    "nul-in-name": Kind("DER:{nul}"),
    "many-names": Kind(",".join(f"DNS:www{n}.{{domain}}" for n in range(200)) +
                       ",DNS:{host}"),
    "name-after-others": Kind("DNS:other.{host},DNS:{host}"),
    # What it may be used for, and how strong it is.
    "client-only": Kind(use="clientAuth"),
    "any-use": Kind(use="anyExtendedKeyUsage"),
    "unknown-critical": Kind(more="1.3.6.1.4.1.99999.1=critical,"
                                  "ASN1:UTF8String:what"),
    "sha1": Kind(digest="sha1"),
    "rsa": Kind(key="rsa"),
    "rsa-1024": Kind(key="short"),
}


def nul(name):
    """DER of a subjectAltName: NAME, a NUL, and another name behind it."""
    name = name.encode() + b"\0." + net.TLD.encode()
    return bytes([0x30, len(name) + 2, 0x82, len(name), *name]).hex()


def extensions(kind, host, domain, pair):
    """Extensions of HOST's certificate, each "name=value"."""
    yield f"basicConstraints=critical,{kind.basic}"
    yield "keyUsage=critical,digitalSignature,keyEncipherment"
    yield f"extendedKeyUsage={kind.use}"
    yield "subjectKeyIdentifier=hash"
    if kind.names:
        yield "subjectAltName=" + kind.names.format(
            host=host, HOST=host.upper(), parent=host.split(".", 1)[1],
            domain=domain.zone, v4=pair[0], v6=pair[1], nul=nul(host[:90]))
    if kind.more:
        yield kind.more


def leaf(host, domain, kind, pair):
    """Shell lines that make HOST.pem (with its chain)."""
    issuer = f"-CA {kind.issuer}.pem -CAkey {kind.issuer}.key" \
        if kind.issuer else ""
    added = " ".join(f'-addext "{extension}"' for extension in
                     extensions(kind, host, domain, pair))
    chain = kind.chain if kind.chain is not None else [kind.issuer or ""]
    made = f"faketime -f {kind.first:+}d openssl req -config config -new" \
        f' -x509 -{kind.digest} -key {kind.key}.key -subj "/CN={host[:64]}"' \
        f" {added} -days {kind.last - kind.first} {issuer} -out '{host}.pem'\n"
    return made + "".join(f"cat {name}.pem >>'{host}.pem'\n"
                          for name in chain if name)


def wanted():
    """(host name, Domain, Kind, addresses) of every certificate."""
    for name, host, pair, domain in domains.mail_hosts():
        yield name, domain, KINDS[host.cert], pair
    for domain in domains.DOMAINS:
        if domain.mode:
            yield (f"mta-sts.{domain.zone}", domain, KINDS[domain.web.cert],
                   net.web(domain.number))
    for name, kind in collector.HOSTS.items():
        yield (name, domains.BY_NAME["collector"], KINDS[kind],
               collector.ADDRESSES[name])


def script():
    """All that is to be done, as a shell script."""
    lines = [AUTHORITIES]
    for host, domain, kind, pair in wanted():
        lines.append(leaf(host, domain, kind, pair))
        lines.append(f"ln -s {kind.key}.key '{host}.key'\n")
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
    """A TLS server context with NAME's certificate, however weak."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.load_cert_chain(f"{root}/pki/{name}.pem",
                            f"{root}/pki/{name}.key")
    return context
