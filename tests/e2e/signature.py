# SPDX-License-Identifier: ISC
"""DKIM (RFC 6376, rsa-sha256): the key of the sending machine, and whether a
message that was received is signed.  Shares nothing with who signs."""
import base64
import binascii
import contextlib
import dataclasses
import hashlib
import pathlib
import re
import subprocess

import net

SELECTOR = "reports"
DOMAIN = net.SENDER  # who signs
KEY = "/pki/rsa.key"  # in the servers' root; made with the certificates
OWNER = "sender"  # the row whose zone holds the key
NAME = f"{SELECTOR}._domainkey.{DOMAIN}"
# RFC 8017, 9.2: DigestInfo of SHA-256, without the digest.
SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")


# -- the key -----------------------------------------------------------------

def record(root):
    """The key record, as character-strings of a zone file."""
    public = subprocess.run(
        ["chroot", root, "openssl", "pkey", "-in", KEY, "-pubout",
         "-outform", "DER"], capture_output=True, check=True, timeout=10)
    key = base64.b64encode(public.stdout).decode()
    text = f"v=DKIM1; k=rsa; s=email:tlsrpt; p={key}"
    return " ".join(f'"{text[at:at + 200]}"'
                    for at in range(0, len(text), 200))


def install(world, machine, file, owner):
    """Give MACHINE the private key in FILE, which only OWNER reads."""
    target = machine.file(file)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(pathlib.Path(world.root("servers") + KEY).read_bytes())
    target.chmod(0o400)
    machine.run("chown", owner, file)


EXIM_KEY = "/etc/exim4/dkim.key"
EXIM_MACROS = "/etc/exim4/conf.d/main/000_localmacros"


@contextlib.contextmanager
def exim(world, machine):
    """Let Debian's Exim of MACHINE sign, by Debian's macros."""
    install(world, machine, EXIM_KEY, "Debian-exim")
    machine.file(EXIM_MACROS).write_text(
        f"DKIM_DOMAIN = {DOMAIN}\nDKIM_SELECTOR = {SELECTOR}\n"
        f"DKIM_PRIVATE_KEY = {EXIM_KEY}\n")
    machine.run("update-exim4.conf")
    try:
        yield
    finally:
        machine.file(EXIM_MACROS).unlink()
        machine.run("update-exim4.conf")


SIGNER = "/usr/libexec/opensmtpd/filter-dkimsign"  # not in backports
SMTPD_KEY = "/etc/mail/dkim/mail.key"
# In the shipped smtpd.conf: reports, and who signs them.
RULES = re.compile(
    r'^# (?=filter "dkim"|(?:ca|action|match from socket) .*report)', re.M)
LISTEN = re.compile(r'with "(listen on socket .*)" below')


@contextlib.contextmanager
def opensmtpd(world, machine):
    """Let smtpd of MACHINE send reports, and sign all mail from here, as the
    comments in its configuration say."""
    install(world, machine, SMTPD_KEY, "_dkimsign")
    conf = machine.file("/etc/smtpd.conf")
    before = conf.read_text()
    listen = LISTEN.search(before)[1]
    text = RULES.sub("", before).replace("@example.org", f"@{DOMAIN}")
    text = text.replace("-d example.org -s mail",
                        f"-d {DOMAIN} -s {SELECTOR}")
    machine.stop()
    conf.write_text(re.sub("^listen on socket.*", listen, text, flags=re.M))
    try:
        yield
    finally:
        machine.stop()
        conf.write_text(before)


# -- canonical forms (RFC 6376, 3.4) -----------------------------------------

def relaxed_field(field):
    name, _, value = field.partition(b":")
    value = re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return name.strip(b" \t").lower() + b":" + value + b"\r\n"


def relaxed_body(body):
    body = re.sub(rb"[ \t]+\r\n", b"\r\n", re.sub(rb"[ \t]+", b" ", body))
    body = re.sub(rb"(\r\n)+\Z", b"", body)
    return body + b"\r\n" if body else b""


def simple_body(body):
    return re.sub(rb"(\r\n)*\Z", b"", body, count=1) + b"\r\n"


FIELD = {"relaxed": relaxed_field, "simple": lambda field: field}
BODY = {"relaxed": relaxed_body, "simple": simple_body}


# -- the signature -----------------------------------------------------------

@dataclasses.dataclass
class Signature:
    tags: dict
    signed: list  # names of the fields it covers, in small letters

    @property
    def name(self):
        """Where its key is."""
        return f"{self.tags['s']}._domainkey.{self.tags['d']}"


class Bad(Exception):
    """It does not verify; the text says why."""


def tags(text):
    """A tag list (RFC 6376, 3.2) without white space."""
    found = {}
    for part in text.strip(" \t\r\n;").split(";"):
        name, _, value = part.partition("=")
        name = name.strip()
        if name in found:
            raise Bad(f"two tags {name}")
        found[name] = re.sub(r"\s+", "", value)
    return found


def fields(header):
    """The fields as they are, each with its CRLF."""
    return re.findall(rb"[^\r\n]+\r\n(?:[ \t][^\r\n]*\r\n)*", header)


def called(field):
    return field.partition(b":")[0].strip().lower().decode("latin-1")


def covered(header, names):
    """The fields of these NAMES; of several the last ones first."""
    left = list(reversed(header))
    for name in names:
        for number, field in enumerate(left):
            if called(field) == name:
                yield left.pop(number)
                break


def tlv(data):
    """(content, rest) of one element of DER."""
    size, at = data[1], 2
    if size & 0x80:
        at += size & 0x7f
        size = int.from_bytes(data[2:at], "big")
    return data[at:at + size], data[at + size:]


def rsa(der):
    """(modulus, exponent) of a SubjectPublicKeyInfo."""
    _, bits = tlv(tlv(der)[0])
    modulus, rest = tlv(tlv(tlv(bits)[0][1:])[0])
    return int.from_bytes(modulus, "big"), int.from_bytes(tlv(rest)[0], "big")


def opens(key, signature, data):
    """Is SIGNATURE that of DATA (RFC 8017, 8.2.2)?"""
    modulus, exponent = key
    size = (modulus.bit_length() + 7) // 8
    wanted = SHA256 + hashlib.sha256(data).digest()
    wanted = b"\0\1" + b"\xff" * (size - len(wanted) - 3) + b"\0" + wanted
    return pow(int.from_bytes(signature, "big"), exponent,
               modulus).to_bytes(size, "big") == wanted


def key(texts):
    """The key that the TXT record, one of TEXTS, has for TLS reports."""
    if len(texts) != 1:
        raise Bad(f"{len(texts)} key records")
    found = tags(texts[0])
    services = found.get("s", "*").split(":")
    if not {"*", "tlsrpt"} & set(services):  # RFC 8460, 3
        raise Bad(f"key is for {services}")
    if found.get("k", "rsa") != "rsa":
        raise Bad(f"key is {found['k']}")
    return rsa(base64.b64decode(found["p"], validate=True))


def verified(octets, look_up):
    """The only Signature of the message OCTETS, which verifies; else Bad.

    LOOK_UP(name) is the texts of all TXT records there.
    """
    head, _, body = octets.partition(b"\r\n\r\n")
    header = fields(head + b"\r\n")
    own = [one for one in header if called(one) == "dkim-signature"]
    if len(own) != 1:
        raise Bad(f"{len(own)} signatures")
    found = Signature(tags(own[0].partition(b":")[2].decode()), [])
    try:
        found.signed = found.tags["h"].lower().split(":")
        judge(found, own[0], header, body, look_up)
    except (KeyError, IndexError, binascii.Error) as error:
        raise Bad(f"malformed: {error!r}") from error
    return found


def judge(found, own, header, body, look_up):
    said = found.tags
    form, _, form_of_body = said.get("c", "simple").partition("/")
    if (said["v"], said["a"]) != ("1", "rsa-sha256"):
        raise Bad(f"v={said['v']}; a={said['a']}")
    if "l" in said:
        raise Bad("the end of the body is not signed")  # RFC 8460, 3
    if "from" not in found.signed:
        raise Bad("From is not signed")
    digest = hashlib.sha256(BODY[form_of_body or "simple"](body)).digest()
    if digest != base64.b64decode(said["bh"], validate=True):
        raise Bad("the body is another one")
    bare = re.sub(rb"((?:^|;|:)[ \t\r\n]*b[ \t\r\n]*=)[^;]*", rb"\1", own,
                  count=1).rstrip(b"\r\n") + b"\r\n"
    data = b"".join(map(FIELD[form], [*covered(header, found.signed), bare]))
    if not opens(key(look_up(found.name)),
                 base64.b64decode(said["b"], validate=True),
                 data.removesuffix(b"\r\n")):
        raise Bad("the header is another one")
