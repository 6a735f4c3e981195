# SPDX-License-Identifier: ISC
"""A TLS report of ours on its way to somebody, as "mta-sts report" leaves it:
its recipient is written down, then it is handed to the MTA."""
import struct
import time

import net

FROM = f"tls-reports@{net.SENDER}"
MASK = (1 << 64) - 1
ROTATED = ((0, 1, 13, 32), (2, 3, 16, 0), (0, 3, 21, 0), (2, 1, 17, 32))


def rotate(word, count):
    return (word << count | word >> (64 - count)) & MASK


def rounds(v, count):
    for _ in range(count):
        for a, b, turn, swap in ROTATED:
            v[a] = (v[a] + v[b]) & MASK
            v[b] = rotate(v[b], turn) ^ v[a]
            v[a] = rotate(v[a], swap)


def checksum(data):
    """SipHash-2-4 under the zero key: names the file of an address."""
    v = [0x736f6d6570736575, 0x646f72616e646f6d,
         0x6c7967656e657261, 0x7465646279746573]
    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 255])
    for (word,) in struct.iter_unpack("<Q", padded):
        v[3] ^= word
        rounds(v, 2)
        v[0] ^= word
    v[2] ^= 255
    rounds(v, 4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def expect(machine, address):
    """A report to ADDRESS is on its way."""
    machine.setting("report-from", FROM)
    folder = f"{machine.folder}/reports/expected"
    name = f"{folder}/{checksum(address.encode()):016x}"
    machine.run("install", "-d", "-m", "0700", "-o", machine.user, "-g",
                machine.user, f"{machine.folder}/reports", folder)
    machine.file(name).write_text(f"{address} {int(time.time()) + 86400}\n")
    machine.run("chown", f"{machine.user}:", name)


def message(address, *fields):
    """What is handed to the MTA."""
    lines = [f"From: {FROM}", f"To: {address}",
             f"TLS-Report-Submitter: {net.SENDER}", *fields, "", "x", ""]
    return "\n".join(lines)


def submit(machine, address, *fields, user=None, options=("-odi",)):
    """Hand a report to Exim as USER, default the state's owner."""
    user = user or machine.user
    return machine.run("setpriv", f"--reuid={user}", "--clear-groups",
                       "/usr/sbin/exim4", *options, "-t", "-i", "-f", FROM,
                       input=message(address, *fields))
