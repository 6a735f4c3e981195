# SPDX-License-Identifier: ISC
"""What policyhost.py may do to a client: the table BEHAVIOURS.

An entry says what differs from a good answer: in the TLS handshake, in the
head, in how the end of the body is told, in pace, and in how it hangs up.
"""
import dataclasses
import gzip
import http
import ssl
import time
import typing

TYPE = "Content-Type: text/plain"
ELSEWHERE = "/other"  # where redirects lead; the policy is there, too
DRIP = 0.1  # seconds between two octets of who is slow


# -- where the body ends ---------------------------------------------------

def by_length(body):
    return f"Content-Length: {len(body)}\r\n\r\n".encode() + body


def by_close(body):
    return b"\r\n" + body


def chunked(body, head="Transfer-Encoding: chunked", size="%x",
            end="0\r\n\r\n"):
    """In two chunks; or in one form that nobody may send."""
    half = len(body) // 2
    text = f"{head}\r\n\r\n".encode()
    for part in (body[:half], body[half:]):
        text += (size % len(part)).encode() + b"\r\n" + part + b"\r\n"
    return text + end.encode()


def in_chunks(**form):
    return lambda body: chunked(body, **form)


def claiming(*lengths):
    """Content-Length fields that may or may not tell the truth."""
    def frame(body):
        fields = "".join(f"Content-Length: {length.format(len(body))}\r\n"
                         for length in lengths)
        return fields.encode() + b"\r\n" + body
    return frame


def zipped(body):
    return b"Content-Encoding: gzip\r\n" + by_length(gzip.compress(body))


def padded(total):
    """The policy with unknown fields up to TOTAL octets in all."""
    def frame(body):
        line = b"x-fill: " + b"x" * 55 + b"\n"
        body += line * ((total - len(body)) // len(line))
        rest = total - len(body)
        if rest > 0:
            body = body[:-1] + b"y" * rest + b"\n"
        return by_length(body)
    return frame


# -- what stands in for TLS ------------------------------------------------

def nothing(session):
    session.wait()


def hang_up(session):
    """Not even a word is read."""


def saying(data):
    """Hear the client's first words, answer DATA, hang up."""
    def instead(session):
        session.raw.recv(65536)
        session.raw.sendall(data)
    return instead


def alert(number):
    """A fatal alert of RFC 8446, 6."""
    return saying(b"\x15\x03\x03\x00\x02\x02" + bytes([number]))


def half_flight(session):
    data = session.flight()
    session.raw.sendall(data[:len(data) // 2])
    session.wait()


def cut_flight(session):
    data = session.flight()
    session.raw.sendall(data[:len(data) // 2])


def spoilt_flight(session):
    """One bit of it is not as sent."""
    data = bytearray(session.flight())
    data[-9] ^= 1
    session.raw.sendall(data)
    session.wait()


def only(version):
    def tls(context):
        context.minimum_version = context.maximum_version = version
    return tls


def ciphers(names):
    """Cipher suites of TLS 1.2; 1.3 has no others than good ones."""
    def tls(context):
        only(ssl.TLSVersion.TLSv1_2)(context)
        context.set_ciphers(names + ":@SECLEVEL=0")
    return tls


def protocols(*names):
    return lambda context: context.set_alpn_protocols(names)


def asks_certificate(mode):
    def tls(context):
        context.load_default_certs()
        context.verify_mode = mode
    return tls


# -- the answer ------------------------------------------------------------

@dataclasses.dataclass(frozen=True)
class Does:
    """How a host behaves; well, unless it says otherwise."""
    instead: typing.Callable = None  # of TLS
    tls: typing.Callable = None  # changes the SSLContext
    before: str = ""  # the status line
    status: str = "HTTP/1.1 200 OK"
    type: str = TYPE  # None: no such field
    fields: tuple = ()
    newline: str = "\r\n"
    location: str = None  # redirects there
    frame: typing.Callable = by_length  # body: fields and body
    whole: bytes = None  # all that is said, whatever else stands here
    lines: int = None  # only so many lines of the policy are sent
    forever: bytes = b""  # repeated behind all else
    slow: str = None  # octet by octet: the "head", the "body", or "not"
    stall: str = None  # waits for ever before the "head" or the "body"
    end: str = "notify"  # Session.end_...

    def head(self, session):
        lines = [self.status, *filter(None, [self.type]), *self.fields]
        if self.location:
            lines.append("Location: " + self.location.format(session.name))
        return (self.before + "".join(
            line + self.newline for line in lines)).encode("latin-1")

    def said(self, session, policy):
        """Head and body."""
        if self.whole is not None:
            return self.whole, b""
        body = self.frame(policy)
        if self.lines is not None:
            left = policy.split(b"\n", self.lines)[self.lines]
            body = body[:body.rindex(left)]
        fields, blank, body = (b"\r\n" + body).partition(b"\r\n\r\n")
        return self.head(session) + (fields + blank)[2:], body

    def answer(self, session, path, policy):
        if self.location and path.startswith(ELSEWHERE):
            BEHAVIOURS["well"].answer(session, path, policy)
            return
        for part, data in zip(("head", "body"), self.said(session, policy)):
            if self.stall == part:
                session.wait()
            self.send(session, data, self.slow == part)
        while self.forever:
            session.sock.sendall(self.forever)

    def send(self, session, data, slowly):
        if not slowly and self.slow != "not":
            session.sock.sendall(data)
            return
        for octet in data:
            session.sock.sendall(bytes([octet]))
            time.sleep(DRIP if slowly else 0)


def status(number):
    """NUMBER, with a good policy in the body."""
    try:
        phrase = http.HTTPStatus(number).phrase
    except ValueError:
        phrase = "Whatever"
    return Does(status=f"HTTP/1.1 {number} {phrase}")


def redirect(number, location):
    return dataclasses.replace(status(number), location=location)


REFUSED = (201, 202, 203, 204, 205, 206, 207, 226, 300, 304, 305, 400, 401,
           402, 403, 404, 405, 407, 410, 418, 429, 451, 500, 501, 502, 503,
           504, 511, 599, 999)
REDIRECTS = (301, 302, 303, 307, 308)
BEHAVIOURS = {
    "well": Does(),
    **{f"status-{number}": status(number) for number in REFUSED},
    **{f"redirect-{number}": redirect(number, ELSEWHERE)
       for number in REDIRECTS},
    "redirect-absolute": redirect(301, "https://{}" + ELSEWHERE),
    "redirect-itself": redirect(302, "/.well-known/mta-sts.txt"),
    "redirect-www": redirect(301, "https://www.{}" + ELSEWHERE),
    "redirect-http": redirect(302, "http://{}" + ELSEWHERE),
    "redirect-other": redirect(
        308, "https://mta-sts.good.example/.well-known/mta-sts.txt"),

    # The media type.
    "type-none": Does(type=None),
    "type-empty": Does(type="Content-Type:"),
    "type-html": Does(type="Content-Type: text/html"),
    "type-octets": Does(type="Content-Type: application/octet-stream"),
    "type-json": Does(type="Content-Type: application/json"),
    "type-text": Does(type="Content-Type: text"),
    "type-star": Does(type="Content-Type: text/*"),
    "type-plainer": Does(type="Content-Type: text/plain2"),
    "type-comma": Does(type="Content-Type: text/plain, text/html"),
    "type-twice": Does(type=TYPE + "\r\nContent-Type: text/html"),
    "type-twice-back": Does(type="Content-Type: text/html\r\n" + TYPE),
    "type-capitals": Does(type="CONTENT-TYPE: TEXT/Plain"),
    "type-quoted": Does(type=TYPE + '; charset="UTF-8"; x=y'),
    "type-blanks": Does(type="Content-Type:\ttext/plain \t;charset=us-ascii"),
    "type-latin1": Does(type=TYPE + "; charset=iso-8859-1"),
    "type-utf16": Does(type=TYPE + "; charset=utf-16"),
    "type-semicolon": Does(type=TYPE + ";"),

    # Other fields, which are nobody's business here.
    "cache": Does(fields=("Cache-Control: max-age=31536000, immutable",
                          "Age: 86400", "Expires: Fri, 01 Jan 2100 00:00:00"
                          " GMT", 'ETag: "1"')),
    "no-store": Does(fields=("Cache-Control: no-store, must-revalidate",
                             "Pragma: no-cache", "Expires: 0", "Vary: *")),
    "cookie": Does(fields=("Set-Cookie: a=b; Max-Age=99999999",)),
    "hsts": Does(fields=("Strict-Transport-Security: max-age=99999999",)),
    "alt-svc": Does(fields=('Alt-Svc: h3=":443", h2="evil.example:443"',)),
    "refresh": Does(fields=("Refresh: 0; url=https://evil.example/",)),
    "location": Does(fields=("Location: https://evil.example/",)),
    "encoding-identity": Does(fields=("Content-Encoding: identity",)),
    "encoding-gzip": Does(frame=zipped),
    "range": Does(fields=("Content-Range: bytes 0-9/999",)),
    "upgrade": Does(fields=("Upgrade: h2c", "Connection: upgrade")),
    "digest": Does(fields=("Content-MD5: AAAA", "Trailer: X")),

    # The head.
    "no-phrase": Does(status="HTTP/1.1 200"),
    "newlines": Does(newline="\n"),
    "http-1-0": Does(status="HTTP/1.0 200 OK", frame=by_close),
    "http-0-9": Does(whole=b"version: STSv1\nmode: enforce\nmx: mx.example\n"
                     b"max_age: 604800\n"),
    "http-2": Does(status="HTTP/2 200 OK"),
    "http-9": Does(status="HTTP/9.9 200 OK"),
    "http-2-frames": Does(whole=b"\0\0\0\4\0\0\0\0\0" * 9, end="open",
                          tls=protocols("h2")),
    "not-http": Does(status="ICY 200 OK"),
    "status-text": Does(status="HTTP/1.1 OK"),
    "status-long": Does(status="HTTP/1.1 2000 OK"),
    "empty-answer": Does(whole=b""),
    "half-head": Does(whole=b"HTTP/1.1 200 OK\r\nContent-Type: text/pl"),
    "head-only": Does(whole=b"HTTP/1.1 200 OK\r\n" + TYPE.encode() +
                      b"\r\nContent-Length: 99\r\n\r\n"),
    "nul-head": Does(fields=("X-A: a\0b",)),
    "colonless": Does(fields=("just words",)),
    "interim": Does(before="HTTP/1.1 100 Continue\r\n\r\n"
                    "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
    "interim-100": Does(before="HTTP/1.1 102 Processing\r\n\r\n" * 100),
    "interim-type": Does(before="HTTP/1.1 103 Early Hints\r\n" + TYPE +
                         "\r\n\r\n", type="Content-Type: text/html"),
    "interim-endless": Does(whole=b"", forever=b"HTTP/1.1 100 Continue\r\n"
                            b"\r\n" * 99),
    "switching": Does(status="HTTP/1.1 101 Switching Protocols"),
    "head-large": Does(fields=("X-Fill: " + "x" * 20000,)),
    "head-huge": Does(fields=("X-Fill: " + "x" * 200000,)),
    "head-many": Does(fields=("X-Fill: x",) * 9999),
    "head-endless": Does(whole=b"HTTP/1.1 200 OK\r\n",
                         forever=b"X-Fill: x\r\n" * 99),
    "line-endless": Does(whole=b"HTTP/1.1 200 OK\r\nX-Fill: ",
                         forever=b"x" * 999),

    # The length of the body.
    "size-max": Does(frame=padded(65536)),
    "size-over": Does(frame=padded(65537)),
    "size-huge": Does(frame=claiming("99999999999"), end="open"),
    "body-endless": Does(frame=by_close, forever=b"x-fill: x\n" * 99),
    "until-close": Does(frame=by_close),
    "until-cut": Does(frame=by_close, end="cut"),
    "until-reset": Does(frame=by_close, end="reset"),
    "length-cut": Does(end="cut"),
    "length-open": Does(end="open"),
    "length-short": Does(frame=claiming("10")),
    "length-long": Does(frame=claiming("9999")),
    "length-twice": Does(frame=claiming("{}", "{}")),
    "length-list": Does(frame=claiming("{0}, {0}")),
    "length-contradicts": Does(frame=claiming("{}", "99")),
    "length-contradicts-back": Does(frame=claiming("99", "{}")),
    # All but the last line of domains.policyhost.LINES.
    "length-contradicts-short": Does(frame=claiming("{}", "65")),
    "length-zeros": Does(frame=claiming("000{}")),
    "length-negative": Does(frame=claiming("-1")),
    "length-words": Does(frame=claiming("many")),
    "length-plus": Does(frame=claiming("+{}")),
    "length-overflow": Does(frame=claiming("9" * 40)),
    "chunks": Does(frame=chunked),
    "chunks-length": Does(frame=in_chunks(
        head="Content-Length: 5\r\nTransfer-Encoding: chunked")),
    "chunks-extension": Does(frame=in_chunks(size='%x;a="b;c"')),
    "chunks-zeros": Does(frame=in_chunks(size="00000%X")),
    "chunks-trailer": Does(frame=in_chunks(end="0\r\nX-A: b\r\n\r\n")),
    "chunks-trailer-huge": Does(frame=in_chunks(
        end="0\r\nX-A: " + "b" * 9999 + "\r\n\r\n")),
    "chunks-extension-huge": Does(
        whole=b"HTTP/1.1 200 OK\r\n" + TYPE.encode() +
        b"\r\nTransfer-Encoding: chunked\r\n\r\n9;", forever=b"a" * 999),
    "chunks-bad": Does(frame=in_chunks(size="zz%x")),
    "chunks-negative": Does(frame=in_chunks(size="-%x")),
    "chunks-overflow": Does(frame=in_chunks(size="f" * 40 + "%x")),
    "chunks-long": Does(frame=in_chunks(size="f%x")),
    "chunks-short": Does(frame=in_chunks(size="3%.0s")),
    "chunks-no-end": Does(frame=in_chunks(end="")),
    "chunks-no-end-cut": Does(frame=in_chunks(end=""), end="cut"),
    "chunks-cut": Does(frame=chunked, end="cut"),
    "chunks-half-end": Does(frame=in_chunks(end="0\r\n"), end="cut"),
    "chunks-gzip": Does(frame=in_chunks(
        head="Transfer-Encoding: gzip, chunked")),
    "encoding-unknown": Does(frame=in_chunks(
        head="Transfer-Encoding: x-what")),
    **{f"line-{n}-{end}": Does(lines=n, end=end)
       for n in range(5) for end in ("notify", "cut", "reset")},
    "line-4-chunks": Does(lines=4, frame=chunked),
    "line-4-until-cut": Does(lines=4, frame=by_close, end="cut"),

    # Slow ones.
    "octets": Does(slow="not"),
    "slow-head": Does(slow="head"),
    "slow-body": Does(slow="body"),
    "stall-head": Does(stall="head"),
    "stall-body": Does(stall="body"),

    # TLS, or what there is in its place.
    "stall": Does(instead=nothing),
    "hang-up": Does(instead=hang_up),
    "plain": Does(instead=saying(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
    "smtp": Does(instead=saying(b"220 ESMTP\r\n")),
    "garbage": Does(instead=saying(b"\x16\x03\x03\xff\xff" + b"\xff" * 999)),
    "alert-failure": Does(instead=alert(40)),
    "alert-name": Does(instead=alert(112)),
    "alert-close": Does(instead=saying(b"\x15\x03\x03\x00\x02\x01\x00")),
    "hello-half": Does(instead=half_flight),
    "hello-cut": Does(instead=cut_flight),
    "hello-spoilt": Does(instead=spoilt_flight),
    "tls-1-0": Does(tls=only(ssl.TLSVersion.TLSv1)),
    "tls-1-1": Does(tls=only(ssl.TLSVersion.TLSv1_1)),
    "tls-1-2": Does(tls=only(ssl.TLSVersion.TLSv1_2)),
    "tls-1-3": Does(tls=only(ssl.TLSVersion.TLSv1_3)),
    "tls-cbc": Does(tls=ciphers("ECDHE+AES+SHA")),
    "tls-anonymous": Does(tls=ciphers("aNULL")),
    "tls-null": Does(tls=ciphers("eNULL")),
    "tls-asks": Does(tls=asks_certificate(ssl.CERT_OPTIONAL)),
    "tls-demands": Does(tls=asks_certificate(ssl.CERT_REQUIRED)),
    "alpn": Does(tls=protocols("h2", "http/1.1")),
    "alpn-h2": Does(tls=protocols("h2")),
}
