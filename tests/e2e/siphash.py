# SPDX-License-Identifier: ISC
"""The checksum that our state files are named by: SipHash-2-4, zero key."""

BEGIN = (0x736f6d6570736575, 0x646f72616e646f6d,
         0x6c7967656e657261, 0x7465646279746573)
MASK = (1 << 64) - 1


def rotated(word, bits):
    return (word << bits | word >> 64 - bits) & MASK


def rounds(lanes, count):
    a, b, c, d = lanes
    for _ in range(count):
        a, c = (a + b) & MASK, (c + d) & MASK
        b, d = rotated(b, 13) ^ a, rotated(d, 16) ^ c
        a = rotated(a, 32)
        a, c = (a + d) & MASK, (c + b) & MASK
        b, d = rotated(b, 17) ^ c, rotated(d, 21) ^ a
        c = rotated(c, 32)
    return a, b, c, d


def checksum(data):
    lanes = BEGIN
    data += bytes(7 - len(data) % 8) + bytes([len(data) % 256])
    for at in range(0, len(data), 8):
        word = int.from_bytes(data[at:at + 8], "little")
        a, b, c, d = rounds((*lanes[:3], lanes[3] ^ word), 2)
        lanes = a ^ word, b, c, d
    a, b, c, d = rounds((*lanes[:2], lanes[2] ^ 255, lanes[3]), 4)
    return a ^ b ^ c ^ d
