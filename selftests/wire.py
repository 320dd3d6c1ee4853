# SPDX-License-Identifier: GPL-2.0
"""The frames of the wire, written from the description of the protocol alone.

An implementation beside the module's, for the tests to check that one with:
link frames, source-routed packets, session frames, and what is in them.
"""
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

FRAME_LEN, SESSION_LEN, TAG_LEN, ROUTE_LEN = 16, 12, 16, 12
FRAME_MIN = FRAME_LEN + ROUTE_LEN + TAG_LEN
DATA, CONTROL, DIRECT, ECHO, ERROR = range(5)
LINK_DOWN, TOO_BIG, NO_CREDIT, NO_LABEL = range(1, 5)
REQUEST, REPLY = range(2)
NOT_ECT, ECT1, ECT0, CE = range(4)
HEARD, FULL = 1, 2


class Key:
    """One direction of a link or session.

    The tests' keys are their index, as a number as long as the key."""

    def __init__(self, index, cipher='chacha20-poly1305', counter=0):
        self.index = index
        self.counter = counter
        size = 16 if cipher == 'aes-128-gcm' else 32
        aead = ChaCha20Poly1305 if cipher.startswith('chacha') else AESGCM
        self.aead = aead(index.to_bytes(size, 'big'))

    def take(self, counter=None):
        """The counter given, or the next one."""
        if counter is None:
            counter = self.counter
            self.counter += 1
        return counter

    def seal(self, counter, plain, head):
        return self.aead.encrypt(struct.pack('>IQ', 0, counter), plain, head)

    def open(self, counter, sealed, head):
        """The plaintext, or None."""
        try:
            return self.aead.decrypt(struct.pack('>IQ', 0, counter), sealed, head)
        except InvalidTag:
            return None


def frame(key, packet, counter=None, length=None):
    """A link frame around a source-routed packet."""
    counter = key.take(counter)
    if length is None:
        length = FRAME_LEN + len(packet) + TAG_LEN
    head = struct.pack('>BBHIQ', 4, 0, length, key.index, counter)
    return head + key.seal(counter, packet, head)


def open_frame(key, data):
    """(counter, packet) of a link frame, which must be right in all it says."""
    kind, sealed, length, index, counter = struct.unpack_from('>BBHIQ', data)
    assert (kind, sealed, length, index) == (4, 0, len(data), key.index), \
        'frame header %s' % data[:FRAME_LEN].hex()
    packet = key.open(counter, data[FRAME_LEN:], data[:FRAME_LEN])
    assert packet is not None, 'the tag of a frame does not verify'
    return counter, packet


def route(kind, labels=(), payload=b'', **field):
    """A source-routed packet. Any field can be given another value."""
    data = struct.pack('>BBBBII', field.get('version', 1) << 4 | kind,
                       field.get('klass', 0), field.get('next', 0),
                       field.get('count', len(labels)),
                       field.get('postage', 0), field.get('flow', 0))
    data += struct.pack('>%dH' % len(labels), *labels)
    if len(labels) % 2:
        data += struct.pack('>H', field.get('pad', 0))
    return data + payload


def echo(kind, number=1, when=2, flags=HEARD, pad=b'', labels=(), **field):
    """An ECHO packet."""
    return route(ECHO, labels, struct.pack('>BBHIQ', kind, flags, 0, number, when) + pad,
                 **field)


def error(code, label, index, counter, mtu=0, labels=(), **field):
    """An ERROR packet, at its destination, about a session frame."""
    field.setdefault('next', len(labels))
    return route(ERROR, labels, struct.pack('>BBHIIQ', code, 0, label, mtu, index, counter),
                 **field)


def header_frame(key, packet, size=None, counter=None):
    """A link frame with so many bytes sealed: the source-route header, if not told."""
    count = packet[3]
    if size is None:
        size = ROUTE_LEN + 2 * (count + count % 2)
    counter = key.take(counter)
    head = struct.pack('>BBHIQ', 5, size // 4, FRAME_LEN + len(packet) + TAG_LEN,
                       key.index, counter)
    return head + key.seal(counter, packet[:size], head) + packet[size:]


class Packet:
    """A source-routed packet taken apart."""

    def __init__(self, data):
        (first, self.klass, self.next, self.count, self.postage,
         self.flow) = struct.unpack_from('>BBBBII', data)
        self.version, self.kind = first >> 4, first & 15
        self.labels = list(struct.unpack_from('>%dH' % self.count, data, ROUTE_LEN))
        end = ROUTE_LEN + 2 * self.count
        self.pad = data[end:end + 2] if self.count % 2 else b''
        self.payload = data[end + len(self.pad):]
        assert not any(self.pad), 'padding is not zero'


def session(key, inner, counter=None):
    """A session frame around an inner packet."""
    counter = key.take(counter)
    head = struct.pack('>IQ', key.index, counter)
    return head + key.seal(counter, inner, head)


def open_session(key, data):
    """(counter, inner packet) of a session frame."""
    index, counter = struct.unpack_from('>IQ', data)
    assert index == key.index, 'session index %#x' % index
    inner = key.open(counter, data[SESSION_LEN:], data[:SESSION_LEN])
    assert inner is not None, 'the tag of a session frame does not verify'
    return counter, inner


def proof(kind, number, when=5, epoch=0, tally=(0, 0, 0), pad=b''):
    """A session's own echo, in place of an inner packet."""
    return struct.pack('>B3xIQI4x3Q', kind, number, when, epoch, *tally) + pad
