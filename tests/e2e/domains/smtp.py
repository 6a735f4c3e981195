# SPDX-License-Identifier: ISC
"""SMTP and TLS of MX hosts (RFC 8461, 4): what they say, and when."""
import mailhost
from row import (NO_TLS, WAITS, Domain, Host, bounced, clear, deferred,
                 verified)

HANDSHAKE = "TLS session: (gnutls_handshake)"
NOTHING, FAILED = "starttls-not-supported", "validation-failure"
READ = "TLS session: error on first read"
EXTRA = "TLS session: synch error before connect"
MALFORMED = "Malformed SMTP reply"
DELIVERED = "delivered"
SILENT, GONE = "SMTP timeout after ", "connection in response to "
REFUSED = "an attempt to start TLS failed"


def bad(does, story, why, report=None, plain=None, cert="good", **more):
    """A domain whose only fault is what its mail host does."""
    return Domain(does, story, ours=deferred(why), report=report, plain=plain,
                  hosts=(Host(does=does, cert=cert, families="4"),), **more)


def fine(does, story, cert="good", **more):
    """Odd, but TLS comes about."""
    return Domain(does, story, ours=verified(f"mx.{does}"), report="success",
                  hosts=(Host(does=does, cert=cert, families="4"),), **more)


def believed(does, story):
    """Exim takes the word of a greeting, though it comes before TLS."""
    return Domain(does, story, ours=bounced(mailhost.NOW), smtpd=WAITS,
                  hosts=(Host(does=does, families="4"),))


def own_word(does, story, make, why):
    """Behind verified TLS: the receiver may refuse what it likes."""
    return Domain(does, story, ours=make(why), report="success",
                  hosts=(Host(does=does, families="4"),))


def stopped(what, step, story, why):
    """The session stops at STEP: never answered, half answered, ended."""
    name = f"{what}-{step.lower()}"
    ours = verified("mx." + name) if why is DELIVERED else deferred(why)
    inside = mailhost.STEPS.index(step) > mailhost.STEPS.index("EHLO-TLS")
    return Domain(name, story.format(step), ours=ours,
                  report="success" if inside else None, hurry=1200,
                  hosts=(Host(does=name, families="4"),))


def every_step(what, story, *results):
    return [stopped(what, step, story, why)
            for step, why in zip(mailhost.STEPS, results) if why]


ROWS = [
    # The banner.
    bad("banner-421", "greeted by 421", mailhost.LATER),
    believed("banner-554", "greeted by 554"),
    bad("banner-http", "greeted by a web server", "HTTP/1.1 400"),
    bad("banner-tls", "greeted by TLS", SILENT + "initial connection",
        hurry=1200),
    bad("banner-long", "greeting of one line of 5000 octets", MALFORMED),
    bad("banner-endless", "greeting without end", MALFORMED),
    fine("banner-mixed", "greeting that turns into 421", smtpd=WAITS),
    fine("banner-lines", "greeting of four lines"),
    fine("banner-8bit", "greeting of 8-bit characters"),
    fine("banner-nul", "greeting with NUL and escape", smtpd=WAITS),
    fine("banner-lf", "greeting in lines that end by LF"),
    fine("banner-short", "greeting without a word"),

    # EHLO.
    bad("no-starttls", "MX offers no STARTTLS", NO_TLS, NOTHING,
        clear("mx.no-starttls")),
    bad("ehlo-refused", "MX knows only HELO", NO_TLS, NOTHING),
    bad("ehlo-421", "EHLO and HELO answered by 421",
        mailhost.LATER),
    believed("ehlo-554", "EHLO and HELO answered by 554"),
    bad("ehlo-too-long", "6000 octets of answer to EHLO", MALFORMED,
        smtpd=verified("mx.ehlo-too-long")),
    # Exim knows the word in capitals only.
    bad("starttls-small", "STARTTLS offered in small letters", NO_TLS,
        NOTHING),
    bad("starttls-in-name", "words that contain STARTTLS offered", NO_TLS,
        NOTHING),
    bad("starttls-unannounced", "STARTTLS known but not offered", NO_TLS,
        NOTHING),
    fine("ehlo-long", "3600 octets of answer to EHLO"),
    fine("starttls-twice", "STARTTLS offered twice"),
    fine("starttls-again", "STARTTLS offered within TLS"),
    fine("ehlo-tls-refused", "only HELO within TLS", smtpd=WAITS),

    # STARTTLS.
    bad("454", "MX answers 454 to STARTTLS", "after STARTTLS: 454", NOTHING,
        clear("mx.454")),
    bad("421", "MX answers 421 to STARTTLS", "after STARTTLS: 421", NOTHING),
    bad("501", "MX answers 501 to STARTTLS", REFUSED, NOTHING),
    bad("502", "MX answers 502 to STARTTLS", REFUSED, NOTHING,
        clear("mx.502")),
    bad("554", "MX answers 554 to STARTTLS", REFUSED, NOTHING),
    bad("250", "MX answers 250 to STARTTLS", HANDSHAKE, FAILED),
    bad("334", "MX answers 334 to STARTTLS", REFUSED, NOTHING),
    fine("220-lines", "two lines of go-ahead"),
    bad("inject-ehlo", "answer to EHLO injected before TLS", EXTRA,
        FAILED),
    bad("inject-554", "554 injected before TLS", EXTRA, FAILED),
    bad("inject-all", "a whole session injected before TLS", EXTRA, FAILED),

    # The handshake.
    bad("close-handshake", "MX hangs up in the TLS handshake", HANDSHAKE,
        FAILED, clear("mx.close-handshake")),
    bad("reset", "connection reset in the handshake", HANDSHAKE, FAILED),
    bad("garbage", "MX sends garbage in the TLS handshake", HANDSHAKE, FAILED,
        clear("mx.garbage")),
    bad("plain-reply", "454 in clear instead of a handshake", HANDSHAKE,
        FAILED),
    bad("alert-failure", "alert: handshake_failure", HANDSHAKE, FAILED),
    bad("alert-version", "alert: protocol_version", HANDSHAKE, FAILED),
    bad("alert-internal", "alert: internal_error", HANDSHAKE, FAILED),
    bad("alert-name", "alert: unrecognized_name", HANDSHAKE, FAILED),
    bad("alert-close", "alert: close_notify", HANDSHAKE, FAILED),
    bad("record-huge", "a TLS record of 65535 octets", HANDSHAKE, FAILED),
    bad("half-hello", "half a ServerHello and no more", HANDSHAKE, FAILED,
        hurry=1200),
    bad("tls10", "only TLS 1.0", HANDSHAKE, FAILED),
    bad("tls11", "only TLS 1.1", HANDSHAKE, FAILED),
    fine("tls12", "only TLS 1.2"),
    fine("tls13", "only TLS 1.3"),
    bad("cipher-null", "only encryption that does not encrypt", HANDSHAKE,
        FAILED, cert="rsa"),
    bad("cipher-anonymous", "only ciphers without a certificate", HANDSHAKE,
        FAILED),
    fine("cipher-cbc", "only AES in CBC mode"),
    bad("group-weak", "Diffie-Hellman of 1024 bits", HANDSHAKE, FAILED,
        cert="rsa"),
    fine("client-wanted", "certificate of the client wanted"),
    bad("client-required", "certificate of the client required", READ,
        FAILED),
    fine("sni-required", "only for clients that name the host",
         sni=True),
    fine("sni-chooses", "another certificate for clients that do not",
         sni=True),
    fine("tickets-none", "no session tickets"),
    fine("tickets-many", "twenty session tickets"),

    # Behind TLS.
    fine("reply-8bit", "8-bit characters in an answer"),
    fine("reply-lines", "fifty lines of answer"),
    fine("quit-sharp", "TLS not ended but cut off"),
    own_word("mail-421", "sender: 421", deferred, "421 no"),
    own_word("mail-450", "sender refused for now", deferred, "450 no"),
    own_word("mail-550", "sender refused", bounced, "550 no"),
    own_word("rcpt-450", "recipient refused for now", deferred, "450 no"),
    own_word("rcpt-550", "recipient refused", bounced, "550 no"),
    own_word("data-421", "DATA: 421", deferred, "421 no"),
    own_word("data-450", "DATA refused for now", deferred, "450 no"),
    own_word("data-550", "DATA refused", bounced, "550 no"),
    own_word("dot-450", "message refused for now", deferred, "450 no"),
    own_word("dot-550", "message refused", bounced, "550 no"),

    # Nothing more is heard.
    *every_step("stall", "silence at {}", SILENT + "initial connection",
                SILENT + "EHLO", SILENT + "STARTTLS", HANDSHAKE,
                READ,  # with no time limit of Exim's own
                SILENT + "pipelined MAIL", SILENT + "RCPT",
                SILENT + "pipelined DATA", SILENT + "end of data",
                DELIVERED),
    *every_step("half", "silence within the answer to {}",
                SILENT + "initial connection", SILENT + "EHLO",
                SILENT + "STARTTLS", None, READ, SILENT + "pipelined MAIL",
                SILENT + "RCPT", SILENT + "pipelined DATA",
                SILENT + "end of data", DELIVERED),
    *every_step("close", "hangs up at {}", GONE + "initial connection",
                GONE + "EHLO", GONE + "STARTTLS", None, READ,
                GONE + "pipelined MAIL", GONE + "pipelined RCPT",
                GONE + "pipelined DATA", GONE + "end of data", DELIVERED),
]
