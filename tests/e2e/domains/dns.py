# SPDX-License-Identifier: ISC
"""The TXT record at _mta-sts and how it is found (RFC 8461, 3.1)."""
ROWS = [
]
