# SPDX-License-Identifier: ISC
"""The policy host: addresses, TLS, certificate, HTTP (RFC 8461, 3.3).

Nearly all have one good mail host that their policy does not permit, so that
delivery tells whether the policy was taken.  answers.py is what they do.
"""
from answers import REDIRECTS, REFUSED
from row import GUEST, NO_MX, Domain, Web, deferred, verified

import net

REDIRECT = "a redirect is never followed"
HEADER = "header is larger than 32768 octets"
SIZE = "the policy is larger than 65536 octets"
LENGTH = "Content-Length"
CUT = "the policy did not arrive whole"
SILENCE = "the policy host did not answer"
NO_HTTP = "not an answer of HTTP"
NO_TLS = "no TLS session with the policy host"
CONNECTION = "connection to the policy host"
NOT_GLOBAL = "the policy host has no global address"
FETCH = "sts-policy-fetch-error"
INVALID = "sts-policy-invalid"
WEBPKI = "sts-webpki-invalid"
# Cut behind the fourth line, this still reads as a policy.
LINES = b"version: STSv1\nmode: enforce\nmax_age: 604800\n" \
    b"mx: mx.good.example\nmx: mx.two-mx.example\n"


def taken(does, story, **more):
    """A policy that counts."""
    more = {"web": Web(does), **GUEST, **more}
    return Domain(f"web-{does}", story, ours=deferred(NO_MX),
                  verdict="refuse", **more)


def failed(does, story, query, report=FETCH, **more):
    """A policy that cannot be had; the domain is as one without.

    query: the cause as "mta-sts query" words it; None where the words are
    those of libcurl, and others in each release.
    """
    more = {"web": Web(does), **GUEST, **more}
    name = f"web-{does}"
    return Domain(name, story, ours=verified("mx.good"), verdict="open",
                  query=query and query.replace("DOMAIN", net.domain(name)),
                  report=report, **more)


def slow(does, story, query, **more):
    return failed(does, story, query, timeout="1s", **more)


def cut(does, story, query=CUT, **more):
    return failed(does, story, query, text=LINES, **more)


def trusted(kind, story):
    return taken(f"cert-{kind}", story, web=Web(cert=kind))


def rejected(kind, story, query, does="good"):
    return failed(f"cert-{kind}", story, query, report=WEBPKI,
                  web=Web(does, cert=kind))


def not_global(name, story, *addresses):
    return failed(name, story, NOT_GLOBAL, web=Web(only=addresses))


def alias(records, cert="good"):
    """The policy host's name is an alias; nginx goes by the SNI alone."""
    return {"web": Web(only=(), cert=cert), "records": records}


ROWS = [
    Domain("web-dead", "policy host dead, nothing cached",
           plain=verified("mx.web-dead"), ours=verified("mx.web-dead"),
           verdict="open", report=FETCH, web=Web("down")),
    taken("well", "nothing"),

    # Status: 200 and no other.
    *(failed(f"status-{number}", f"status {number}, good policy in the body",
             f"answered {number} (only 200 will do)") for number in REFUSED),
    *(failed(f"redirect-{number}", f"status {number} leads to a good policy",
             f"answered {number} (a redirect is") for number in REDIRECTS),
    failed("redirect-absolute", "redirect to the same host by a whole URL",
           REDIRECT),
    failed("redirect-itself", "redirect in a circle", REDIRECT),
    failed("redirect-www", "redirect to another host", REDIRECT),
    failed("redirect-http", "redirect to plain HTTP", REDIRECT),
    failed("redirect-other", "redirect to another domain's policy host",
           REDIRECT),

    # Media type.
    failed("type-none", "no Content-Type", "the policy has no Content-Type"),
    failed("type-empty", "empty Content-Type",
           "the policy has no Content-Type"),
    failed("type-html", "text/html", "Content-Type is text/html"),
    failed("type-octets", "application/octet-stream",
           "Content-Type is application/octet-stream"),
    failed("type-json", "application/json",
           "Content-Type is application/json"),
    failed("type-text", "type without subtype", "Content-Type is text"),
    failed("type-star", "text/*", "Content-Type is text/*"),
    failed("type-plainer", "text/plain2", "Content-Type is text/plain2"),
    failed("type-comma", "two types in a list",
           "Content-Type is text/plain, text/html"),
    failed("type-twice", "two Content-Types, the last is text/html",
           "Content-Type is text/html"),
    taken("type-twice-back", "two Content-Types, the last is text/plain"),
    failed("interim-type", "text/plain only in an interim answer",
           "Content-Type is text/html"),
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
    failed("encoding-gzip", "compressed unasked",
           "line 1, octet 1", report=INVALID),
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
    failed("http-0-9", "HTTP/0.9: the policy and no head", NO_HTTP),
    failed("http-2", "HTTP/2 in words", NO_HTTP),
    failed("http-9", "HTTP/9.9", NO_HTTP),
    failed("http-2-frames", "HTTP/2 although not asked for", NO_HTTP),
    failed("not-http", "another protocol's status line", NO_HTTP),
    failed("status-text", "no status", NO_HTTP),
    failed("status-long", "status of four digits", NO_HTTP),
    failed("empty-answer", "hangs up without an answer", SILENCE),
    failed("half-head", "hangs up within the head", SILENCE),
    failed("head-only", "hangs up behind the head", CUT),
    failed("nul-head", "NUL in the head", NO_HTTP),
    failed("colonless", "field without a colon", NO_HTTP),
    failed("switching", "status 101", SILENCE, timeout="1s"),
    failed("interim-endless", "interim answers for ever", HEADER),
    failed("head-huge", "a field of 200000 octets", HEADER),
    failed("head-many", "ten thousand fields", HEADER),
    failed("head-endless", "fields for ever", HEADER),
    failed("line-endless", "a field for ever", HEADER),

    # The length of the body.
    taken("size-max", "65536 octets"),
    failed("size-over", "65537 octets", SIZE),
    failed("size-huge", "announces 100 GB", "timed out", timeout="1s"),
    failed("body-endless", "body for ever", SIZE),
    taken("until-close", "end of the body by end of the session"),
    failed("until-cut", "end of the body without close_notify", CUT),
    failed("until-reset", "end of the body by a reset", CUT),
    taken("length-cut", "whole body, then no close_notify"),
    taken("length-zeros", "Content-Length with zeros in front"),
    taken("length-open", "whole body, connection stays open"),
    failed("length-short", "body longer than announced",
           "line 1, octet 10", report=INVALID),
    failed("length-long", "body shorter than announced", CUT),
    taken("length-twice", "Content-Length twice, the same"),
    failed("length-list", "Content-Length as a list", LENGTH),
    failed("length-contradicts", "two different Content-Lengths", None),
    failed("length-contradicts-back", "the same, wrong one first", LENGTH),
    cut("length-contradicts-short", "two, the last leaves a line out", LENGTH),
    failed("length-negative", "negative Content-Length", NO_HTTP),
    failed("length-words", "Content-Length in words", NO_HTTP),
    failed("length-plus", "Content-Length with a sign", LENGTH),
    failed("length-overflow", "Content-Length of forty digits", LENGTH),
    *(cut(f"line-{n}-{end}", f"cut behind line {n} ({end})")
      for n in range(5) for end in ("notify", "cut", "reset")),
    cut("line-4-chunks", "cut behind line 4, in chunks"),
    cut("line-4-until-cut", "cut behind line 4, no length, no close_notify",
        CUT),

    # Chunks.
    taken("chunks", "body in chunks"),
    taken("chunks-length", "in chunks, and a wrong Content-Length"),
    taken("chunks-extension", "chunk extensions"),
    taken("chunks-zeros", "chunk sizes with zeros in front"),
    taken("chunks-trailer", "fields behind the last chunk"),
    failed("chunks-bad", "chunk size is no number", "chunk"),
    failed("chunks-negative", "chunk size is negative", "chunk"),
    failed("chunks-overflow", "chunk size of forty digits", "chunk"),
    failed("chunks-long", "chunk shorter than its size", CUT),
    failed("chunks-short", "chunk longer than its size", "chunk"),
    failed("chunks-no-end", "no last chunk", CUT),
    failed("chunks-no-end-cut", "no last chunk, no close_notify", CUT),
    taken("chunks-cut", "last chunk, no close_notify"),
    failed("chunks-half-end", "half of the last chunk", CUT),
    failed("chunks-trailer-huge", "a trailer field of 9999 octets", None),
    failed("chunks-extension-huge", "a chunk extension for ever", "timed out",
           timeout="1s"),
    failed("chunks-gzip", "compressed by Transfer-Encoding", "ncoding"),
    failed("encoding-unknown", "unknown Transfer-Encoding", "ncoding"),

    # Slow ones.
    taken("octets", "every octet in a record of its own"),
    slow("slow-head", "head drips", "before the end of the header"),
    slow("slow-body", "body drips", "before the end of the policy"),
    slow("stall-head", "stalls before the answer",
         "before the end of the header"),
    slow("stall-body", "stalls before the body",
         "before the end of the policy"),
    slow("stall", "stalls before the TLS handshake", "in the TLS handshake"),
    slow("hello-half", "stalls in the TLS handshake", "in the TLS handshake"),

    # TLS.
    taken("tls-1-2", "TLS 1.2 only"),
    taken("tls-1-3", "TLS 1.3 only"),
    taken("tls-asks", "asks for a client certificate"),
    failed("tls-demands", "demands a client certificate", CONNECTION),
    failed("tls-1-0", "TLS 1.0 only", NO_TLS),
    failed("tls-1-1", "TLS 1.1 only", NO_TLS),
    failed("tls-anonymous", "cipher suites without certificate only", NO_TLS),
    failed("tls-null", "cipher suites without encryption only", NO_TLS),
    failed("hang-up", "hangs up at once", NO_TLS),
    failed("plain", "plain HTTP at the port of HTTPS", NO_TLS),
    failed("smtp", "SMTP at the port of HTTPS", NO_TLS),
    failed("garbage", "garbage for TLS", NO_TLS),
    failed("alert-failure", "alert handshake_failure", NO_TLS),
    failed("alert-name", "alert unrecognized_name", NO_TLS),
    failed("alert-close", "alert close_notify", NO_TLS),
    failed("hello-cut", "hangs up in the TLS handshake", NO_TLS),
    failed("hello-spoilt", "a bit of the TLS handshake is flipped", NO_TLS),

    # The certificate.
    trusted("wildcard", "wildcard for the domain"),
    trusted("capitals", "host name in capitals"),
    trusted("many-names", "two hundred other names"),
    trusted("rsa", "RSA key"),
    trusted("chain-with-root", "chain with the root"),
    trusted("chain-in-disorder", "chain in disorder"),
    trusted("ip-and-name", "address beside the name"),
    trusted("ca-leaf", "certificate that is a CA's"),
    rejected("expired", "expired", "certificate expired"),
    rejected("not-yet-valid", "not valid yet",
             "certificate is not valid before"),
    rejected("self-signed", "self-signed",
             "CN=mta-sts.DOMAIN: self-signed certificate"),
    rejected("unknown-ca", "unknown CA",
             "CN=test other CA: self-signed certificate in certificate chain"),
    rejected("expired-unknown", "expired, unknown CA",
             "CN=test other CA: self-signed certificate in certificate chain"),
    rejected("no-intermediate", "intermediate missing",
             "CN=test middle CA: unable to get local issuer certificate"),
    rejected("expired-intermediate", "intermediate expired",
             "CA certificate expired"),
    rejected("name-constraints", "CA for other names only",
             "CN=test narrow CA: permitted subtree violation"),
    rejected("not-by-ca", "issued by what is no CA",
             "CN=test root CA: invalid CA certificate"),
    rejected("wrong-name", "another name",
             "certificate is for other.mta-sts.DOMAIN"),
    rejected("cn-only", "host name only in the CN",
             "certificate is for no dNSName"),
    rejected("domain-only", "the domain's own name only",
             "certificate is for DOMAIN"),
    rejected("ip-only", "addresses only", "certificate is for no dNSName"),
    rejected("ip-as-name", "address as dNSName", "certificate is for 5.75."),
    rejected("uri-only", "URI only", "certificate is for no dNSName"),
    rejected("mail-only", "mail address only",
             "certificate is for no dNSName"),
    rejected("wildcard-partial", "wildcard for part of a label",
             "certificate is for m*.DOMAIN"),
    rejected("wildcard-tld", "wildcard one level too high",
             "certificate is for *.example"),
    rejected("wildcard-two-labels", "wildcards for two labels",
             "certificate is for *.*.example"),
    rejected("wildcard-inside", "wildcard not in front",
             "certificate is for mta-sts.*.example"),
    rejected("wildcard-all", "wildcard for everything",
             "certificate is for *"),
    rejected("wildcard-itself", "wildcard below the host",
             "certificate is for *.mta-sts.DOMAIN"),
    rejected("first-dot", "name that begins with a dot",
             "certificate is for .DOMAIN"),
    rejected("nul-in-name", "NUL and more behind the host name",
             "certificate is for mta-sts.DOMAIN"),
    rejected("any-use", "for any use, not for servers by name",
             "CN=test middle CA: unsuitable certificate purpose"),
    rejected("client-only", "not for servers",
             "CN=test middle CA: unsuitable certificate purpose"),
    rejected("unknown-critical", "unknown critical extension",
             "CN=test middle CA: unhandled critical extension"),
    rejected("sha1", "signature with SHA-1",
             "CA signature digest algorithm too weak", does="well"),
    rejected("rsa-1024", "RSA key of 1024 bits",
             "CN=test middle CA: EE certificate key too weak", does="well"),

    # Addresses.
    taken("ipv4", "no IPv6", web=Web(families="4")),
    taken("ipv6", "no IPv4", web=Web(families="6")),
    taken("one-dead", "one of several addresses refuses",
          web=Web(more=net.DEAD)),
    taken("one-silent", "one of several addresses is silent",
          web=Web(more=net.SILENT)),
    taken("ipv6-silent", "the IPv6 address is silent",
          web=Web(families="4", more=net.SILENT[1:])),
    failed("all-dead", "every address refuses", "none of 2 addresses",
           web=Web(only=net.DEAD)),
    slow("all-silent", "every address is silent", "connecting",
         web=Web("silent")),
    failed("no-address", "no address", "the policy host has no address",
           web=Web(only=())),
    failed("our-own", "the sending machine", "none of 2 addresses",
           web=Web(only=(net.SENDER_V4, net.SENDER_V6))),
    not_global("loopback", "loopback", "127.0.0.1", "::1"),
    not_global("private", "private addresses",
               "10.0.0.1", "172.16.0.1", "192.168.0.1", "fd00::1"),
    not_global("link-local", "link-local addresses",
               "169.254.169.254", "fe80::1"),
    not_global("shared", "carrier's addresses", "100.64.0.1"),
    not_global("unspecified", "unspecified", "0.0.0.0", "::"),
    not_global("mapped", "mapped address", "::ffff:127.0.0.1"),
    not_global("compatible", "compatible address", "::127.0.0.1"),
    not_global("nat64", "translated private address", "64:ff9b::10.0.0.1"),
    not_global("6to4", "tunnelled private address", "2002:0a00:0001::1"),
    not_global("documentation", "addresses for documentation",
               "192.0.2.1", "2001:db8::1"),
    not_global("multicast", "multicast", "224.0.0.1", "ff02::1"),
    not_global("broadcast", "broadcast", "255.255.255.255"),
    taken("one-private", "a private address beside good ones",
          web=Web(more=("10.0.0.1", "::1"))),

    # Aliases: the host's own name counts, whoever runs it.
    taken("cname", "alias of a provider's host",
          **alias("mta-sts CNAME mta-sts.good.example.\n")),
    taken("cname-chain", "three aliases",
          **alias("mta-sts CNAME a\na CNAME b\n"
                  "b CNAME mta-sts.good.example.\n")),
    taken("cname-wildcard", "nothing but a wildcard for the name",
          **alias("* CNAME mta-sts.good.example.\n")),
    failed("cname-provider", "alias, certificate of the provider",
           "certificate is for mta-sts.good.example", report=WEBPKI,
           **alias("mta-sts CNAME mta-sts.good.example.\n", "provider")),
    failed("cname-loop", "aliases in a circle",
           "DNS failed for the policy host",
           **alias("mta-sts CNAME a\na CNAME mta-sts\n")),
    failed("cname-nowhere", "alias of nothing",
           "the policy host has no address",
           **alias("mta-sts CNAME nowhere\n")),

    # For cases that change what it does.
    Domain("web-changing", "nothing, at first", ours=verified("mx.good"),
           web=Web("well"), hosts=(), mx=((10, "mx.good.example"),),
           report="success"),
]
