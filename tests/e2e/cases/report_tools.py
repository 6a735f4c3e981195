# SPDX-License-Identifier: ISC
"""What tests of reports rest on: signatures are judged, collectors answer."""
import http.client
import socket
import ssl

import check
import collector
import signature
import tlsrpt
from cases.tlsrpt import FIELDS, PACKED, passes

SENDER = f"tls-reports@{signature.DOMAIN}"
TEXT = """\
From: <{sender}>
To: tls@good.example
Subject: a report,
\tbut for its contents
TLS-Report-Domain: good.example

two  blanks\x20
.a dot

"""


def received(world, mark):
    """The text of the one report that a mail host got after MARK."""
    texts = [event["message"] for event in world.events(mark, "DATA")
             if event.get("message")]
    check.equal(len(texts), 1, "reports received")
    return texts[0].encode("latin-1")


def refused(octets, look_up, why):
    try:
        signature.verified(octets, look_up)
    except signature.Bad as bad:
        check.expect(why in str(bad), f"{bad}, not {why}")
    else:
        check.expect(False, f"verified although {why}")


@check.case()
def dkim_judge(world, machine):
    """It takes what Exim signed, and nothing that was changed."""
    mark = world.mark()
    with signature.exim(world, machine):
        machine.run("exim4", "-odi", "-f", SENDER, "tls@good.example",
                    input=TEXT.format(sender=SENDER))
    octets = received(world, mark)
    look_up = world.names.txt
    signed = signature.verified(octets, look_up)
    check.equal(signed.tags["d"], signature.DOMAIN, "signed by")
    for old, new, why in ((b"a dot", b"no dot", "body"),
                          (b"Subject: a", b"Subject: b", "header"),
                          (b"; s=", b"; l=4; s=", "end of the body"),
                          (b"DKIM-Sig", b"X-Sig", "0 signatures"),
                          (b"s=reports", b"s=other", "0 key records")):
        check.expect(old in octets, f"no {old} in {octets}")
        refused(octets.replace(old, new, 1), look_up, why)
    relaxed = octets.replace(b"report,\r\n\t", b"report,   ")
    signature.verified(relaxed, look_up)
    refused(octets, lambda name: [
        text.replace("email:tlsrpt", "email") for text in look_up(name)],
        "key is for")


# -- the collector -----------------------------------------------------------

def post(host, address):
    """POST a good report to HOST; the status, or the error."""
    context = ssl._create_unverified_context()
    with socket.create_connection((address, 443), timeout=1) as sock:
        tls = context.wrap_socket(sock, server_hostname=host)
        client = http.client.HTTPConnection(host)
        client.sock = tls
        client.request("POST", "/v1?a=b", PACKED, dict(FIELDS[1:]))
        try:
            return client.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return type(error)
        finally:
            tls.close()


ANSWERS = {201: 201, 302: 302, 500: 500, "slow": TimeoutError,
           "half": TimeoutError, "closed": http.client.RemoteDisconnected,
           "garbage": http.client.BadStatusLine}


@check.case("plain")
def collector_answers(world, machine):
    """As it is told, and keeps what it got."""
    host = f"good.{collector.ZONE}"
    world.collector.say(*ANSWERS, always=204)
    for wanted in [*ANSWERS.values(), 204]:
        check.equal(post(host, collector.ADDRESSES[host][0]), wanted, "answer")
    posts = world.collector.posts
    check.equal([one.accepted for one in posts],
                [True] + [False] * 6 + [True], "accepted")
    for one in posts:
        check.equal(one.uri, f"https://{host}/v1?a=b", "where")
        why = passes(tlsrpt.post(one.method, one.fields, one.body))
        check.expect(why is None, why)


@check.case("plain")
def collector_certificates(world, machine):
    """Both families, and each name its own certificate."""
    for host, pair in collector.ADDRESSES.items():
        for address in pair:
            check.equal(post(host, address), 200, f"answer of {host}")
        good = verifies(world, host, pair[0])
        check.equal(good, "self-signed" not in host, f"{host} verified")
    check.equal(len(world.collector.accepted()),
                2 * len(collector.ADDRESSES), "posts")


def verifies(world, host, address):
    """Does the machines' CA vouch for HOST?"""
    context = ssl.create_default_context(
        cafile=f"{world.root('servers')}/pki/root.pem")
    try:
        with socket.create_connection((address, 443), timeout=5) as sock:
            context.wrap_socket(sock, server_hostname=host).close()
    except ssl.SSLCertVerificationError:
        return False
    return True
