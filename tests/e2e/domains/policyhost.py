# SPDX-License-Identifier: ISC
"""The policy host: HTTPS and its certificate (RFC 8461, 3.3)."""
from row import Domain, Web, verified

ROWS = [
    Domain("web-dead", "policy host dead, nothing cached",
           plain=verified("mx.web-dead"), ours=verified("mx.web-dead"),
           verdict="open", report="sts-policy-fetch-error",
           web=Web("down")),
]
