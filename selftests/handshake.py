# SPDX-License-Identifier: GPL-2.0
"""Handshake frames, written from the description of the protocol alone."""
import hashlib
import struct

INITIATION, RESPONSE, COOKIE = 1, 2, 3
MASK = (1 << 64) - 1


def siphash(key, data):
    """SipHash-2-4; 8 bytes."""
    k0, k1 = struct.unpack('<QQ', key)
    v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
         k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573]

    def rotate(x, n):
        return (x << n | x >> (64 - n)) & MASK

    def rounds(n):
        v0, v1, v2, v3 = v
        for _ in range(n):
            v0 = (v0 + v1) & MASK
            v1 = rotate(v1, 13) ^ v0
            v0 = rotate(v0, 32)
            v2 = (v2 + v3) & MASK
            v3 = rotate(v3, 16) ^ v2
            v0 = (v0 + v3) & MASK
            v3 = rotate(v3, 21) ^ v0
            v2 = (v2 + v1) & MASK
            v1 = rotate(v1, 17) ^ v2
            v2 = rotate(v2, 32)
        v[:] = v0, v1, v2, v3

    tail = data[len(data) & ~7:]
    last = tail + bytes(7 - len(tail)) + bytes((len(data) & 255,))
    for word in struct.unpack('<%dQ' % (len(data) // 8 + 1), data[:len(data) & ~7] + last):
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 255
    rounds(4)
    return struct.pack('<Q', v[0] ^ v[1] ^ v[2] ^ v[3])


def mac1_key(public_key):
    return hashlib.blake2b(public_key, digest_size=32, key=b'skywire-mac1').digest()[:16]


def marked(kind, index, body, public_key, cookie=None):
    """A frame of type 1 or 2 for the owner of a public key."""
    size = 16 + len(body) + 16
    data = struct.pack('>BBHIQ', kind, 0, size, index, 0) + body
    data += siphash(mac1_key(public_key), data)
    return data + (siphash(cookie, data) if cookie else bytes(8))


def cookie_reply(index, mac1, cookie):
    return struct.pack('>BBHIQ', COOKIE, 0, 40, index, 0) + mac1 + cookie
