# SPDX-License-Identifier: ISC
"""The policy host: addresses, TLS, certificate, HTTP (RFC 8461, 3.3).

Nearly all have one good mail host that their policy does not permit, so that
delivery tells whether the policy was taken.  answers.py is what they do.
"""
from answers import REDIRECTS, REFUSED
from row import NO_MX, Domain, Web, deferred, verified

import net

HOST = {"hosts": (), "mx": ((10, "mx.good.example"),), "patterns": ("mx",)}
FETCH = "sts-policy-fetch-error"
INVALID = "sts-policy-invalid"
WEBPKI = "sts-webpki-invalid"
# Cut behind the fourth line, this still reads as a policy.
LINES = b"version: STSv1\nmode: enforce\nmax_age: 604800\n" \
    b"mx: mx.good.example\nmx: mx.two-mx.example\n"


def taken(does, story, **more):
    """A policy that counts."""
    more = {"web": Web(does), **HOST, **more}
    return Domain(f"web-{does}", story, ours=deferred(NO_MX),
                  verdict="refuse", **more)


def failed(does, story, report=FETCH, **more):
    """A policy that cannot be had; the domain is as one without."""
    more = {"web": Web(does), **HOST, **more}
    return Domain(f"web-{does}", story, ours=verified("mx.good"),
                  verdict="open", report=report, **more)


def slow(does, story, **more):
    return failed(does, story, timeout="1s", **more)


def cut(does, story, **more):
    return failed(does, story, text=LINES, **more)


def certificate(make, kind, story, does="good", **more):
    return make(f"cert-{kind}", story, web=Web(does, cert=kind), **more)


def trusted(kind, story, **more):
    return certificate(taken, kind, story, **more)


def rejected(kind, story, **more):
    return certificate(failed, kind, story, report=WEBPKI, **more)


def at(make, name, story, *addresses, **more):
    """The policy host's addresses are ADDRESSES alone."""
    return make(name, story, web=Web(only=addresses), **more)


def alias(make, name, story, records, cert="good", **more):
    """The policy host's name is an alias; nginx goes by the SNI alone."""
    return make(name, story, web=Web(only=(), cert=cert), records=records,
                **more)


ROWS = [
    Domain("web-dead", "policy host dead, nothing cached",
           plain=verified("mx.web-dead"), ours=verified("mx.web-dead"),
           verdict="open", report=FETCH, web=Web("down")),
    taken("well", "nothing"),

    # Status: 200 and no other.
    *(failed(f"status-{number}", f"status {number}, good policy in the body")
      for number in REFUSED),
    *(failed(f"redirect-{number}", f"status {number} leads to a good policy")
      for number in REDIRECTS),
    failed("redirect-absolute", "redirect to the same host by a whole URL"),
    failed("redirect-itself", "redirect in a circle"),
    failed("redirect-www", "redirect to another host"),
    failed("redirect-http", "redirect to plain HTTP"),
    failed("redirect-other", "redirect to another domain's policy host"),

    # Media type.
    failed("type-none", "no Content-Type"),
    failed("type-empty", "empty Content-Type"),
    failed("type-html", "text/html"),
    failed("type-octets", "application/octet-stream"),
    failed("type-json", "application/json"),
    failed("type-text", "type without subtype"),
    failed("type-star", "text/*"),
    failed("type-plainer", "text/plain2"),
    failed("type-comma", "two types in a list"),
    failed("type-twice", "two Content-Types, the last is text/html"),
    taken("type-twice-back", "two Content-Types, the last is text/plain"),
    failed("interim-type", "text/plain only in an interim answer"),
    taken("type-capitals", "TEXT/Plain"),
    taken("type-quoted", "quoted charset and another parameter"),
    taken("type-blanks", "tabs and blanks around the type"),
    taken("type-latin1", "charset iso-8859-1"),
    taken("type-utf16", "charset utf-16, which it is not"),
    taken("type-semicolon", "semicolon without a parameter"),

    # Fields that are nobody's business here.
    taken("cache", "may be cached for a year"),
    taken("no-store", "must not be stored"),
    taken("cookie", "sets a cookie"),
    taken("hsts", "wants HTTPS for ever"),
    taken("alt-svc", "names other servers"),
    taken("refresh", "Refresh to elsewhere"),
    taken("location", "Location beside status 200"),
    taken("encoding-identity", "Content-Encoding identity"),
    failed("encoding-gzip", "compressed unasked", report=INVALID),
    taken("range", "Content-Range beside status 200"),
    taken("upgrade", "offers another protocol"),
    taken("digest", "wrong digest, announced trailer"),

    # The head.
    taken("no-phrase", "no words behind the status"),
    taken("newlines", "lines end in LF alone"),
    taken("http-1-0", "HTTP/1.0, end of the body by end of the session"),
    taken("interim", "100 and 103 before the answer"),
    taken("interim-100", "a hundred interim answers"),
    taken("head-large", "a field of 20000 octets"),
    taken("alpn", "server prefers HTTP/2, speaks HTTP/1.1"),
    taken("alpn-h2", "server knows HTTP/2 alone by ALPN"),
    failed("http-0-9", "HTTP/0.9: the policy and no head"),
    failed("http-2", "HTTP/2 in words"),
    failed("http-9", "HTTP/9.9"),
    failed("http-2-frames", "HTTP/2 although not asked for"),
    failed("not-http", "another protocol's status line"),
    failed("status-text", "no status"),
    failed("status-long", "status of four digits"),
    failed("empty-answer", "hangs up without an answer"),
    failed("half-head", "hangs up within the head"),
    failed("head-only", "hangs up behind the head"),
    failed("nul-head", "NUL in the head"),
    failed("colonless", "field without a colon"),
    failed("switching", "status 101", timeout="1s"),
    failed("interim-endless", "interim answers for ever"),
    failed("head-huge", "a field of 200000 octets"),
    failed("head-many", "ten thousand fields"),
    failed("head-endless", "fields for ever"),
    failed("line-endless", "a field for ever"),

    # The length of the body.
    taken("size-max", "65536 octets"),
    failed("size-over", "65537 octets"),
    failed("size-huge", "announces 100 GB", timeout="1s"),
    failed("body-endless", "body for ever"),
    taken("until-close", "end of the body by end of the session"),
    failed("until-cut", "end of the body without close_notify"),
    failed("until-reset", "end of the body by a reset"),
    taken("length-cut", "whole body, then no close_notify"),
    taken("length-zeros", "Content-Length with zeros in front"),
    taken("length-open", "whole body, connection stays open"),
    failed("length-short", "body longer than announced", report=INVALID),
    failed("length-long", "body shorter than announced"),
    taken("length-twice", "Content-Length twice, the same"),
    failed("length-list", "Content-Length as a list"),
    failed("length-contradicts", "two different Content-Lengths"),
    failed("length-contradicts-back", "the same, wrong one first"),
    cut("length-contradicts-short", "two, the last leaves a line out"),
    failed("length-negative", "negative Content-Length"),
    failed("length-words", "Content-Length in words"),
    failed("length-plus", "Content-Length with a sign"),
    failed("length-overflow", "Content-Length of forty digits"),
    *(cut(f"line-{n}-{end}", f"cut behind line {n} ({end})")
      for n in range(5) for end in ("notify", "cut", "reset")),
    cut("line-4-chunks", "cut behind line 4, in chunks"),
    cut("line-4-until-cut", "cut behind line 4, no length, no close_notify"),

    # Chunks.
    taken("chunks", "body in chunks"),
    taken("chunks-length", "in chunks, and a wrong Content-Length"),
    taken("chunks-extension", "chunk extensions"),
    taken("chunks-zeros", "chunk sizes with zeros in front"),
    taken("chunks-trailer", "fields behind the last chunk"),
    failed("chunks-bad", "chunk size is no number"),
    failed("chunks-negative", "chunk size is negative"),
    failed("chunks-overflow", "chunk size of forty digits"),
    failed("chunks-long", "chunk shorter than its size"),
    failed("chunks-short", "chunk longer than its size"),
    failed("chunks-no-end", "no last chunk"),
    failed("chunks-no-end-cut", "no last chunk, no close_notify"),
    taken("chunks-cut", "last chunk, no close_notify"),
    failed("chunks-half-end", "half of the last chunk"),
    failed("chunks-trailer-huge", "a trailer field of 9999 octets"),
    failed("chunks-extension-huge", "a chunk extension for ever",
           timeout="1s"),
    failed("chunks-gzip", "compressed by Transfer-Encoding"),
    failed("encoding-unknown", "unknown Transfer-Encoding"),

    # Slow ones.
    taken("octets", "every octet in a record of its own"),
    slow("slow-head", "head drips"),
    slow("slow-body", "body drips"),
    slow("stall-head", "stalls before the answer"),
    slow("stall-body", "stalls before the body"),
    slow("stall", "stalls before the TLS handshake"),
    slow("hello-half", "stalls in the TLS handshake"),

    # TLS.
    taken("tls-1-2", "TLS 1.2 only"),
    taken("tls-1-3", "TLS 1.3 only"),
    taken("tls-asks", "asks for a client certificate"),
    failed("tls-demands", "demands a client certificate"),
    failed("tls-1-0", "TLS 1.0 only"),
    failed("tls-1-1", "TLS 1.1 only"),
    failed("tls-anonymous", "cipher suites without certificate only"),
    failed("tls-null", "cipher suites without encryption only"),
    failed("hang-up", "hangs up at once"),
    failed("plain", "plain HTTP at the port of HTTPS"),
    failed("smtp", "SMTP at the port of HTTPS"),
    failed("garbage", "garbage for TLS"),
    failed("alert-failure", "alert handshake_failure"),
    failed("alert-name", "alert unrecognized_name"),
    failed("alert-close", "alert close_notify"),
    failed("hello-cut", "hangs up in the TLS handshake"),
    failed("hello-spoilt", "a bit of the TLS handshake is flipped"),

    # The certificate.
    trusted("wildcard", "wildcard for the domain"),
    trusted("capitals", "host name in capitals"),
    trusted("many-names", "two hundred other names"),
    trusted("rsa", "RSA key"),
    trusted("chain-with-root", "chain with the root"),
    trusted("chain-in-disorder", "chain in disorder"),
    trusted("ip-and-name", "address beside the name"),
    trusted("ca-leaf", "certificate that is a CA's"),
    rejected("expired", "expired"),
    rejected("not-yet-valid", "not valid yet"),
    rejected("self-signed", "self-signed"),
    rejected("unknown-ca", "unknown CA"),
    rejected("expired-unknown", "expired, unknown CA"),
    rejected("no-intermediate", "intermediate missing"),
    rejected("expired-intermediate", "intermediate expired"),
    rejected("name-constraints", "CA for other names only"),
    rejected("not-by-ca", "issued by what is no CA"),
    rejected("wrong-name", "another name"),
    rejected("cn-only", "host name only in the CN"),
    rejected("domain-only", "the domain's own name only"),
    rejected("ip-only", "addresses only"),
    rejected("ip-as-name", "address as dNSName"),
    rejected("uri-only", "URI only"),
    rejected("mail-only", "mail address only"),
    rejected("wildcard-partial", "wildcard for part of a label"),
    rejected("wildcard-tld", "wildcard one level too high"),
    rejected("wildcard-two-labels", "wildcards for two labels"),
    rejected("wildcard-inside", "wildcard not in front"),
    rejected("wildcard-all", "wildcard for everything"),
    rejected("wildcard-itself", "wildcard below the host"),
    rejected("first-dot", "name that begins with a dot"),
    rejected("nul-in-name", "NUL and more behind the host name"),
    rejected("any-use", "for any use, not for servers by name"),
    rejected("client-only", "not for servers"),
    rejected("unknown-critical", "unknown critical extension"),
    rejected("sha1", "signature with SHA-1", does="well"),
    rejected("rsa-1024", "RSA key of 1024 bits", does="well"),

    # Addresses.
    taken("ipv4", "no IPv6", web=Web(families="4")),
    taken("ipv6", "no IPv4", web=Web(families="6")),
    taken("one-dead", "one of several addresses refuses",
          web=Web(more=net.DEAD)),
    taken("one-silent", "one of several addresses is silent",
          web=Web(more=net.SILENT)),
    taken("ipv6-silent", "the IPv6 address is silent",
          web=Web(families="4", more=net.SILENT[1:])),
    failed("all-dead", "every address refuses", web=Web(only=net.DEAD)),
    slow("all-silent", "every address is silent", web=Web("silent")),
    at(failed, "no-address", "no address"),
    at(failed, "loopback", "loopback", "127.0.0.1", "::1"),
    at(failed, "private", "private addresses", "10.0.0.1", "172.16.0.1",
       "192.168.0.1", "fd00::1"),
    at(failed, "link-local", "link-local addresses", "169.254.169.254",
       "fe80::1"),
    at(failed, "shared", "carrier's addresses", "100.64.0.1"),
    at(failed, "unspecified", "unspecified", "0.0.0.0", "::"),
    at(failed, "mapped", "mapped address", "::ffff:127.0.0.1"),
    at(failed, "compatible", "compatible address", "::127.0.0.1"),
    at(failed, "nat64", "translated private address", "64:ff9b::10.0.0.1"),
    at(failed, "6to4", "tunnelled private address", "2002:0a00:0001::1"),
    at(failed, "documentation", "addresses for documentation", "192.0.2.1",
       "2001:db8::1"),
    at(failed, "multicast", "multicast", "224.0.0.1", "ff02::1"),
    at(failed, "broadcast", "broadcast", "255.255.255.255"),
    at(failed, "our-own", "the sending machine", net.SENDER_V4,
       net.SENDER_V6),
    taken("one-private", "a private address beside good ones",
          web=Web(more=("10.0.0.1", "::1"))),

    # Aliases: the host's own name counts, whoever runs it.
    alias(taken, "cname", "alias of a provider's host",
          "mta-sts CNAME mta-sts.good.example.\n"),
    alias(taken, "cname-chain", "three aliases", "mta-sts CNAME a\n"
          "a CNAME b\nb CNAME mta-sts.good.example.\n"),
    alias(failed, "cname-provider", "alias, certificate of the provider",
          "mta-sts CNAME mta-sts.good.example.\n", cert="provider",
          report=WEBPKI),
    alias(failed, "cname-loop", "aliases in a circle",
          "mta-sts CNAME a\na CNAME mta-sts\n"),
    alias(failed, "cname-nowhere", "alias of nothing",
          "mta-sts CNAME nowhere\n"),
    taken("dname", "nothing but a wildcard for the name",
          web=Web(only=()), records="* CNAME mta-sts.good.example.\n"),

    # For cases that change what it does.
    Domain("web-changing", "nothing, at first", ours=verified("mx.good"),
           web=Web("well"), hosts=(), mx=((10, "mx.good.example"),),
           report="success"),
]
