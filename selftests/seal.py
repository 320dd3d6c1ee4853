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


def sealed(packet, key=None, size=None):
    return wire.header_frame(key or x.to_r, packet, size)


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


def fate(packet, size, units=None):
    """A frame with so many bytes sealed, which says so or something else; and why
    it is dropped, if it is."""
    units = size // 4 if units is None else units
    frame = bytearray(sealed(packet, size=size))
    why = None
    if not 3 <= units <= 15 or len(packet) < 4 * units + 28:
        why = 'frame_type'
    elif units * 4 != size:
        why = 'auth'
    elif packet[0] & 15 != wire.DATA or size != wire.ROUTE_LEN + 2 * (packet[3] + packet[3] % 2):
        why = 'header'
    frame[1] = units & 255
    return bytes(frame), why


def all_as(name, cases):
    """Each frame is dropped for its reason; the others are forwarded to no label."""
    rise = {}
    for _, why in cases:
        why = why or 'no_label'
        rise[why] = rise.get(why, 0) + 1
    with Expect('%s: %s' % (name, rise), len(cases), **rise):
        for frame, _ in cases:
            x.raw(frame)


def test_lengths():
    """Every length that can be sealed, or said to be, of packets with every number
    of labels; cut short; and by keys that are not for it."""
    def packet(count, size=40, kind=wire.CONTROL):
        return wire.route(kind, [9] * count, bytes(size))

    # Of 27 bytes and less no ERROR is made, but these are no frames of type 5.
    def stray(count, size=40):
        return wire.route(wire.DATA, [9] * count, b'\xff' * size, next=count)

    for count in 0, 1, 2, 23, 24:
        cases = [fate(stray(count, 300), size) for size in range(0, 256, 4)]
        cases += [fate(packet(count, 300), size) for size in range(0, 256, 4)]
        lost = [frame for frame, why in cases if not why]
        cases = [(frame, why or 'session_no_index') for frame, why in cases]
        assert len(lost) == 1, '%d are right' % len(lost)
        all_as('sealed in all lengths, %d labels' % count, cases)
    whole = wire.ROUTE_LEN + 4
    all_as('all that a frame can say is sealed',
           [fate(stray(2, 2000), whole, units) for units in range(256) if units != whole // 4])
    cases = [fate(stray(2, size), whole) for size in range(60)]
    all_as('with payloads of all lengths', [(f, why or 'session_no_index') for f, why in cases])
    room = 65507 - wire.FRAME_LEN - wire.TAG_LEN
    refused('as large as UDP carries', 'session_no_index', sealed(stray(2, room - whole)))
    text = os.urandom(room - whole - 28 - 48)
    with Expect('as large, and right', 1, [text]):
        x.raw(sealed(data(text)))
    frame = sealed(stray(2, 60))
    with Expect('cut short', len(frame), frame_short=44, frame_length=len(frame) - 44):
        for length in range(len(frame)):
            x.raw(frame[:length])
    refused('cut short, and saying so', 'auth',
            *(frame[:2] + struct.pack('>H', length) + frame[4:length]
              for length in range(60 + wire.FRAME_LEN, len(frame))))
    with Expect('by a key that is not for it', 64, frame_type=64):
        for size in range(0, 256, 4):
            full.raw(sealed(stray(2, 300), full.to_r, size))
    with Expect('by a session\'s key, and nobody\'s', 2, no_index=2):
        for index in 601, 999:
            x.raw(sealed(stray(2), wire.Key(index, counter=1 << 40)))
    with Expect('and one that is right', 1, [b'right']):
        x.raw(sealed(data(b'right')))


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
