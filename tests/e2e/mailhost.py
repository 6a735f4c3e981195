# SPDX-License-Identifier: ISC
"""How the mail hosts of the world behave: one table.

A behaviour says what a host does at a step instead of the usual thing: the
bytes it sends, or an action, a function of the session and of the usual
bytes that returns bytes, or None when the session is over.  At HANDSHAKE
bytes are sent instead of the handshake.  "tls" changes the TLS context.
"""
import socket
import ssl
import struct

# The points of a session, in its order.
STEPS = ("ACCEPT", "EHLO", "STARTTLS", "HANDSHAKE", "EHLO-TLS", "MAIL",
         "RCPT", "DATA", "DOT", "QUIT")


# -- actions ---------------------------------------------------------------

def stall(session, usual):
    """Say nothing more."""
    session.wait()


def half(session, usual):
    """Stop within the answer."""
    session.say(usual[:len(usual) // 2])
    session.wait()


def close(session, usual):
    """Hang up."""


def reset(session, usual):
    """Hang up by RST."""
    session.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
    session.request.close()


def sharp(session, usual):
    """Hang up after the answer, without a word of TLS."""
    session.say(usual)
    session.request.shutdown(socket.SHUT_RDWR)


def hello(*lines):
    """An answer to EHLO."""
    def say(session, usual):
        shown = [session.name, "PIPELINING", *lines]
        return lined(250, shown)
    return say


# -- what is said ----------------------------------------------------------

def lined(code, lines):
    """A reply of several lines."""
    return "".join(f"{code}{' ' if n == len(lines) else '-'}{line}\r\n"
                   for n, line in enumerate(lines, 1)).encode("latin-1")


def with_banner(text):
    return {"ACCEPT": text.encode("latin-1")}


def without_starttls(*lines):
    return {"EHLO": hello(*lines), "STARTTLS": b"500 what?\r\n"}


def starttls(text):
    return {"STARTTLS": text.encode("latin-1") + b"\r\n"}


def handshake(answer):
    return {"HANDSHAKE": answer}


def alert(number, level=2):
    """A TLS alert, fatal or (level 1) a warning."""
    return handshake(bytes((0x15, 3, 3, 0, 2, level, number)))


def injected(text):
    """The go-ahead, and behind it what an attacker in the path adds."""
    return starttls("220 go ahead\r\n" + text)


# -- TLS -------------------------------------------------------------------

def version(only):
    def change(context, session):
        context.minimum_version = context.maximum_version = only
    return {"tls": change}


def ciphers(names):
    """Only these, of TLS 1.2."""
    def change(context, session):
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(names + ":@SECLEVEL=0")
    return {"tls": change}


def weak_group(context, session):
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0")
    context.load_dh_params(f"{session.server.root}/pki/dh.pem")


def client_certificate(mode):
    def change(context, session):
        context.verify_mode = mode
        context.load_verify_locations(f"{session.server.root}/pki/root.pem")
    return {"tls": change}


def tickets(number):
    def change(context, session):
        context.num_tickets = number
    return {"tls": change}


def sni_required(context, session):
    def judge(connection, name, _):
        session.sni = name
        return None if name == session.name else \
            ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    context.sni_callback = judge


def sni_chooses(context, session):
    """Another host's certificate for whoever does not ask by name."""
    right = session.context()
    root = f"{session.server.root}/pki/mx.evil.example"
    context.load_cert_chain(root + ".pem", root + ".key")

    def choose(connection, name, _):
        session.sni = name
        if name == session.name:
            connection.context = right
    context.sni_callback = choose


HELLO = ("EHLO", "HELO")
NOW, LATER = "554 5.7.1 go away", "421 4.7.0 try again later"
NOISE = b"\x00\xff garbage instead of TLS\r\n" * 9

BEHAVIOURS = {
    "good": {},
    # Not the banner of a mail host, or one of many words.
    "banner-421": with_banner(LATER + "\r\n"),
    "banner-554": with_banner(NOW + "\r\n"),
    "banner-http": with_banner("HTTP/1.1 400 Bad Request\r\n\r\n"),
    "banner-tls": with_banner("\x15\x03\x01\x00\x02\x02\x46"),
    "banner-lines": {"ACCEPT": lined(220, ["a", "", "b" * 400, "c ESMTP"])},
    "banner-mixed": with_banner("220-one\r\n421 two\r\n"),
    "banner-long": with_banner(f"220 {'x' * 5000}\r\n"),
    "banner-endless": with_banner("220-" + "x" * 10**6),
    "banner-8bit": with_banner("220 \xe4\xf6\x80\xff ESMTP\r\n"),
    "banner-nul": with_banner("220 a\0b\x1b[31m ESMTP\r\n"),
    "banner-lf": with_banner("220-one\n220 two\n"),
    "banner-short": with_banner("220\r\n"),
    # EHLO, or what is offered there.
    "no-starttls": without_starttls(),
    "ehlo-refused": {"EHLO": b"502 what?\r\n", "STARTTLS": b"500 what?\r\n"},
    "ehlo-421": {step: LATER.encode() + b"\r\n" for step in HELLO},
    "ehlo-554": {step: NOW.encode() + b"\r\n" for step in HELLO},
    "ehlo-long": {"EHLO": hello(*["X" * 60] * 60, "STARTTLS")},
    "ehlo-too-long": {"EHLO": hello(*["X" * 60] * 100, "STARTTLS")},
    "starttls-twice": {"EHLO": hello("STARTTLS", "STARTTLS")},
    "starttls-small": {"EHLO": hello("starttls")},
    "starttls-in-name": without_starttls("XSTARTTLS", "STARTTLSX",
                                         "AUTH STARTTLS"),
    "starttls-again": {"EHLO-TLS": hello("STARTTLS")},
    "starttls-unannounced": {"EHLO": hello()},
    # STARTTLS refused.
    "454": starttls("454 4.7.0 TLS not available due to temporary reason"),
    "421": starttls(LATER),
    "501": starttls("501 5.5.4 no parameters"),
    "502": starttls("502 5.5.1 command not implemented"),
    "554": starttls(NOW),
    "250": starttls("250 2.0.0 whatever you say"),
    "334": starttls("334 and then?"),
    "220-lines": starttls("220-go\r\n220 ahead"),
    # A word more before TLS.
    "inject-ehlo": injected("250-mx\r\n250 HELP"),
    "inject-554": injected(NOW),
    "inject-all": injected("\r\n".join(["250 mx", "250 ok", "250 ok", "354 go",
                                        "250 taken"])),
    # The handshake.
    "garbage": handshake(NOISE),
    "reset": handshake(reset),
    "plain-reply": handshake(b"454 4.7.0 no TLS after all\r\n"),
    "alert-failure": alert(40),
    "alert-version": alert(70),
    "alert-internal": alert(80),
    "alert-name": alert(112),
    "alert-close": alert(0, level=1),
    "record-huge": handshake(b"\x16\x03\x03\xff\xff" + b"x" * 70000),
    "half-hello": handshake(lambda session, usual: half(
        session, b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03" * 2)),
    "tls10": version(ssl.TLSVersion.TLSv1),
    "tls11": version(ssl.TLSVersion.TLSv1_1),
    "tls12": version(ssl.TLSVersion.TLSv1_2),
    "tls13": version(ssl.TLSVersion.TLSv1_3),
    "cipher-null": ciphers("NULL-SHA256"),
    "cipher-anonymous": ciphers("AECDH-AES128-SHA"),
    "cipher-cbc": ciphers("ECDHE-ECDSA-AES128-SHA"),
    "group-weak": {"tls": weak_group},
    "client-wanted": client_certificate(ssl.CERT_OPTIONAL),
    "client-required": client_certificate(ssl.CERT_REQUIRED),
    "sni-required": {"tls": sni_required},
    "sni-chooses": {"tls": sni_chooses},
    "tickets-none": tickets(0),
    "tickets-many": tickets(20),
    # After it.
    "ehlo-tls-refused": {"EHLO-TLS": b"502 what?\r\n"},
    "quit-sharp": {"QUIT": sharp},
    "reply-8bit": {"MAIL": b"250 \xe4\xf6\xfc \x80\r\n"},
    "reply-lines": {"RCPT": lined(250, ["fine"] * 50)},
    # Each step refused, never answered, half answered, or the end of it.
    **{f"{step.lower()}-{code}": {step: f"{code} no\r\n".encode()}
       for step in STEPS[STEPS.index("MAIL"):-1] for code in (421, 450, 550)},
    **{f"{what.__name__}-{step.lower()}": {step: what}
       for what in (stall, half, close) for step in STEPS
       if (what, step) != (half, "HANDSHAKE")},
}
