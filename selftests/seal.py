#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Neighbours X and Y of R, and E behind X: what seal.sh runs."""
import os
import struct
import time

import packets
import wire
from neighbour import SCALE, Expect, End, main, open_inbox, report

R, E = (os.environ[name + '_ADDR'] for name in 'RE')
x, y, full = End(5000, 10), End(5001, 20), End(5002, 30)
to_r, from_r = wire.Key(601), wire.Key(602)    # the session of E with R
inbox = open_inbox(R)


def sealed(packet, key=None, size=None, counter=None):
    """A frame whose first bytes alone are sealed: the header, if not told."""
    key = key or x.to_r
    count = packet[3]
    size = size if size is not None else wire.ROUTE_LEN + 2 * (count + count % 2)
    counter = key.take(counter)
    head = struct.pack('>BBHIQ', 5, size // 4, wire.FRAME_LEN + len(packet) + wire.TAG_LEN,
                       key.index, counter)
    return head + key.seal(counter, packet[:size], head) + packet[size:]


def opened(data, key):
    """The packet of such a frame."""
    kind, units, length, index, counter = struct.unpack_from('>BBHIQ', data)
    assert (kind, length, index) == (5, len(data), key.index), data[:16].hex()
    end = wire.FRAME_LEN + units * 4 + wire.TAG_LEN
    header = key.open(counter, data[wire.FRAME_LEN:end], data[:wire.FRAME_LEN])
    assert header is not None, 'the tag does not verify'
    return wire.Packet(header + data[end:])


def data(text=b'text', labels=(7,), **field):
    field.setdefault('next', len(labels))
    return wire.route(wire.DATA, labels, wire.session(to_r, packets.udp6(E, R, text)), **field)


def raw(end):
    end.sock.settimeout(3 * SCALE)
    return end.sock.recv(65536)


def test_reference():
    with Expect('a packet of E', 1, [b'one']):
        x.raw(sealed(data(b'one')))
    with Expect('of 24 hops', 1, [b'two']):
        x.raw(sealed(data(b'two', labels=(5,) * 24)))
    with Expect('a packet of R', 0, originated=1, tx_frames=1, header_sealed=1):
        inbox.sendto(b'three', (E, 9000))
        got = opened(raw(x), x.from_r)
        inner = wire.open_session(from_r, got.payload)[1]
        assert inner.endswith(b'three') and got.labels == [7], vars(got)
    with Expect('passed on', 1, forwarded=1, tx_frames=1, header_sealed=1):
        payload = os.urandom(200)
        x.raw(sealed(wire.route(wire.DATA, (20, 9), payload)))
        got = opened(raw(y), y.from_r)
        assert (got.labels, got.next, got.payload) == ([10, 9], 1, payload), vars(got)
    with Expect('passed on by a link that seals in full', 1, forwarded=1, tx_frames=1):
        x.raw(sealed(wire.route(wire.DATA, (30,), payload)))
        assert full.receive().payload == payload
    with Expect('passed on from one', 1, forwarded=1, tx_frames=1, header_sealed=1):
        full.send(wire.route(wire.DATA, (10,), payload))
        assert opened(raw(x), x.from_r).payload == payload


def refused(name, why, *bad, **more):
    with Expect(name, len(bad), **{why: len(bad)}, **more):
        for frame in bad:
            x.raw(frame)


def test_refused():
    for kind, name in (wire.CONTROL, 'CONTROL'), (wire.DIRECT, 'DIRECT'), \
            (wire.ECHO, 'ECHO'), (wire.ERROR, 'ERROR'):
        refused(name, 'header', sealed(wire.route(kind, (), bytes(40))))
    refused('more sealed than the header', 'header',
            sealed(data(), size=16 + 4), sealed(data(), size=60))
    refused('less', 'header', sealed(data(labels=(1, 2, 3, 4)), size=12))
    good = sealed(data())
    bad = []
    for units in (0, 1, 2, 16, 255):
        frame = bytearray(good)
        frame[1] = units
        bad.append(bytes(frame))
    refused('lengths of no header', 'frame_type', *bad)
    short = wire.route(wire.DATA, (7,), bytes(27), next=1)
    refused('no room for a session', 'frame_type', sealed(short))
    with Expect('over a link that does not allow it', 1, frame_type=1):
        full.raw(sealed(data(), full.to_r))
    refused('a byte of header or tag flipped', 'auth',
            *(good[:at] + bytes((good[at] ^ 1,)) + good[at + 1:] for at in range(16, 48)))
    with Expect('the frame itself, after them', 1, [b'text']):
        x.raw(good)
    refused('again', 'replay', good)
    refused('another length, outer', 'auth', struct.pack('>BBH', 5, 4, 80) + sealed(data())[4:])


def probe():
    x.send(wire.route(wire.ECHO, (), struct.pack('>BBHIQ', 0, 1, 0, 1, 1)))
    while True:
        data = raw(x)
        if data[0] == 4:
            got = wire.Packet(wire.open_frame(x.from_r, data)[1])
            if got.kind == wire.ECHO:
                return got.payload[1]


def test_forged():
    """Payloads that were changed on their way make R ask for full seal."""
    report('R does not mind at first', [] if not probe() & 2 else ['it does'])
    frames = []
    for _ in range(8):
        frame = bytearray(sealed(data()))
        frame[-1] ^= 1
        frames.append(bytes(frame))
    refused('forged payloads', 'session_auth', *frames)
    report('R wants all sealed', [] if probe() & 2 else ['it does not'])
    Expect.before = None
    with Expect('what comes with its header sealed is still taken', 1, [b'late']):
        x.raw(sealed(data(b'late')))
    # And R does what a neighbour wants.
    x.send(wire.route(wire.ECHO, (), struct.pack('>BBHIQ', 0, 3, 0, 1, 1)))
    raw(x)
    Expect.before = None
    with Expect('R seals all when asked to', 0, originated=1, tx_frames=1):
        inbox.sendto(b'full', (E, 9000))
        assert x.receive().kind == wire.DATA
    x.send(wire.route(wire.ECHO, (), struct.pack('>BBHIQ', 0, 1, 0, 1, 1)))
    raw(x)
    Expect.before = None
    with Expect('and no more when not', 0, originated=1, tx_frames=1, header_sealed=1):
        inbox.sendto(b'header', (E, 9000))
        opened(raw(x), x.from_r)


main(globals())
