# SPDX-License-Identifier: ISC
"""Domains that share mail hosts, and those the sending machine is an MX of."""
from row import (BAD_CERT, NO_MX, Domain, Host, deferred, unverified,
                 verified)

import net

BACKUP = {"hosts": (Host("a"), Host("c")),
          "mx": ((10, "a"), (20, net.SENDER), (30, "c"))}

ROWS = [
    Domain("provider", "nothing (mail host of the two tenants)",
           plain=unverified("mx.provider"), ours=unverified("mx.provider"),
           mode=None, hosts=(Host(cert="unknown-ca"),)),
    Domain("tenant-strict", "shared MX with a bad certificate, enforce",
           plain=unverified("mx.provider"), ours=deferred(BAD_CERT),
           report="certificate-not-trusted",
           hosts=(), mx=((10, "mx.provider.example"),)),
    Domain("tenant-loose", "shared MX with a bad certificate, testing",
           plain=unverified("mx.provider"), ours=unverified("mx.provider"),
           report="certificate-not-trusted",
           mode="testing", hosts=(), mx=((10, "mx.provider.example"),)),
    Domain("guest", "shared good MX, but the policy names another",
           plain=verified("mx.good"), ours=deferred(NO_MX), verdict="refuse",
           hosts=(), mx=((10, "mx.good.example"),), patterns=("mx",)),
    Domain("hijacker", "MX an alias of another domain's MX host",
           plain=unverified("mx.good"), ours=deferred(BAD_CERT),
           hosts=(), mx=((10, "mx"), (20, "chain")),
           records="mx CNAME mx.good.example.\nchain CNAME mx\n",
           patterns=("*", "mx.good.example")),
    Domain("own-alias", "nothing (MX an alias within the domain)",
           ours=verified("mx.own-alias"), hosts=(Host(alias="real"),)),

    # The sending machine's own domain, and ones it is a backup MX of.
    Domain("sender", "ourselves", ours=None, mode=None, hosts=(),
           records=f"mail A {net.SENDER_V4}\nmail AAAA {net.SENDER_V6}\n"),
    Domain("backup", "we are its second MX; the first is down",
           plain=deferred("host"), ours=deferred("host"),
           hosts=(Host("a", does="down"), Host("c")), mx=BACKUP["mx"],
           patterns=("a", "c")),
    Domain("backup-outside", "we are its second MX; the first is forbidden",
           plain=verified("a.backup-outside"), ours=deferred(NO_MX),
           verdict="refuse", patterns=("c",), **BACKUP),
]
