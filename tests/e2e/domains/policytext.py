# SPDX-License-Identifier: ISC
"""The policy text (RFC 8461, 3.2)."""
ROWS = [
]
