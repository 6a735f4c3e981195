# SPDX-License-Identifier: ISC
"""MX records against the policy's patterns (RFC 8461, 4.1)."""
from row import NO_MX, Domain, Host, deferred, unverified, verified

ROWS = [
    Domain("star", "nothing (policy names *.star)",
           plain=verified("mx.star"), ours=verified("mx.star"),
           report="success", patterns=("*",)),
    Domain("two-labels", "MX two labels below a policy's *.two-labels",
           plain=verified("mx.a.two-labels"), ours=deferred(NO_MX),
           verdict="refuse", hosts=(Host("mx.a"),), patterns=("*",)),
    Domain("outside", "only MX is not in the policy",
           plain=verified("mx.outside"), ours=deferred(NO_MX),
           verdict="refuse", patterns=("other",)),
    Domain("first-outside", "best MX is not in the policy, the next is",
           plain=verified("mx1.first-outside"),
           ours=verified("mx2.first-outside"), verdict="refuse",
           hosts=(Host("mx1"), Host("mx2")), patterns=("mx2",)),
    Domain("alias", "foreign MX name, a CNAME of the host in the policy",
           plain=unverified("mx.good"), ours=deferred(NO_MX),
           verdict="refuse", hosts=(), mx=((10, "foreign"),),
           records="foreign CNAME mx.good.example.\n",
           patterns=("mx.good.example",)),
]
