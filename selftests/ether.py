#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Neighbours of the relay R: X over Ethernet, Y over UDP; what ether.sh runs.

R must take from its interface what is for it, and nothing else.
"""
import json
import os
import random
import socket
import subprocess
import time

import packets
import wire
from neighbour import Expect, End, main, report
import neighbour

ETHERTYPE = 0x88b5
R, X, Y = (os.environ[name + '_ADDR'] for name in 'RXY')
WIRE = os.environ['X_WIRE']             # our interface; R's has the same name
LABEL = {'X': 10, 'Y': 20}


def mac(text):
    return bytes.fromhex(text.replace(':', ''))


class EtherEnd(End):
    """Our end of an Ethernet link."""

    def __init__(self, interface, label, ours, theirs):
        self.to_r = wire.Key(label * 10 + 1)
        self.from_r = wire.Key(label * 10 + 2)
        self.ours, self.theirs = mac(ours), mac(theirs)
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE))
        self.sock.bind((interface, ETHERTYPE))

    def raw(self, data, tos=0, to=None, tag=b''):
        self.sock.send((to or self.theirs) + self.ours + tag + b'\x88\xb5' + data)

    def receive(self, timeout=3.0):
        self.sock.settimeout(timeout * neighbour.SCALE)
        data = self.sock.recv(65536)
        assert data[:14] == self.ours + self.theirs + b'\x88\xb5', \
            'Ethernet header %s' % data[:14].hex()
        return wire.Packet(wire.open_frame(self.from_r, data[14:])[1])


x = EtherEnd(WIRE, LABEL['X'], os.environ['X_MAC'], os.environ['R_MAC'])
y = End(5001, LABEL['Y'])
neighbour.open_inbox(R)


def direct(text, source=X):
    return wire.route(wire.DIRECT, (), packets.udp6(source, R, text))


def ip(*args):
    return subprocess.run(['ip', '-n', neighbour.NETNS, *args], stdout=subprocess.PIPE,
                          text=True, check=True).stdout


class Ignored(Expect):
    """with Ignored(name, count, ...): so many frames that no device is counted for.

    A good one follows them. The interface counts those of them that are
    addressed to it."""

    def __init__(self, name, count, **rise):
        self.count = count
        super().__init__(name, rise.pop('frames', 0) + 1, [b'good'], **rise)

    @staticmethod
    def dropped():
        return json.loads(ip('-j', '-s', 'link', 'show', WIRE))[0]['stats64']['rx']['dropped']

    def __enter__(self):
        self.before_drops = self.dropped()
        return super().__enter__()

    def faults(self, after):
        yield from super().faults(after)
        end = time.monotonic() + 5 * neighbour.SCALE
        while self.dropped() - self.before_drops < self.count and time.monotonic() < end:
            time.sleep(0.05)
        rise = self.dropped() - self.before_drops
        if rise != self.count:
            yield 'the interface dropped %d, not %d' % (rise, self.count)

    def __exit__(self, kind, value, trace):
        if not kind:
            x.send(direct(b'good'))
        return super().__exit__(kind, value, trace)


def test_reference():
    with Expect('a frame of ours', 1, [b'one']):
        x.send(direct(b'one'))
    with Expect('a frame of R', 0, tx_frames=1, originated=1):
        neighbour.inbox.sendto(b'two', (X, 9000))
        got = x.receive()
        assert (got.kind, got.count) == (wire.DIRECT, 0), vars(got)
        assert got.payload[8:] == packets.udp6(R, X, b'two')[8:], got.payload.hex()
    with Expect('from Ethernet to UDP', 1, forwarded=1, tx_frames=1):
        x.send(wire.route(wire.DATA, (20,), b'there', klass=wire.ECT0))
        got = y.receive()
        assert got.labels == [10] and got.payload == b'there', vars(got)
        assert got.klass == y.tos == wire.ECT0, 'ECN %d, outer %d' % (got.klass, y.tos)
    with Expect('from UDP to Ethernet, with its congestion mark', 1, forwarded=1, tx_frames=1):
        y.send(wire.route(wire.DATA, (10,), b'back', klass=wire.ECT0), tos=wire.CE)
        got = x.receive()
        assert got.labels == [20] and got.payload == b'back', vars(got)
        assert got.klass == wire.CE, 'ECN %d' % got.klass


def test_padding():
    with Expect('padded, as Ethernet does with short frames', 3, [b'a', b'b', b'c']):
        x.raw(wire.frame(x.to_r, direct(b'a')) + bytes(46))
        x.raw(wire.frame(x.to_r, direct(b'b')) + os.urandom(1))
        x.raw(wire.frame(x.to_r, direct(b'c')) + os.urandom(1000))
    sealed = wire.frame(x.to_r, direct(b'cut'))
    # Without an index there is no device to count it for.
    none, short = wire.FRAME_LEN, wire.FRAME_MIN
    with Ignored('truncated to every length', none, frames=len(sealed) - none,
                 frame_short=short - none, frame_length=len(sealed) - short):
        for length in range(len(sealed)):
            x.raw(sealed[:length])
    with Expect('whole', 1, [b'cut']):
        x.raw(sealed)


def test_addresses():
    """None of these counts as seen: the frame is fresh when it comes to R."""
    sealed = wire.frame(x.to_r, direct(b'to R'))
    with Ignored('to others', 0):
        for to in ('ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:01', '33:33:00:00:00:01',
                   '03:00:00:00:00:00', os.environ['X_MAC'], '02:00:00:00:00:ff'):
            x.raw(sealed, to=mac(to))
    with Ignored('in a VLAN that R has no interface for', 0):
        for vid in (1, 7, 4094):
            x.raw(sealed, tag=b'\x81\x00' + vid.to_bytes(2, 'big'))
    with Expect('with a priority but no VLAN', 1, [b'to R']):
        x.raw(sealed, tag=b'\x81\x00\xe0\x00')
    with Expect('replayed', 1, replay=1):
        x.raw(sealed)


def test_flips():
    sealed = wire.frame(x.to_r, direct(b'flip'))
    unknown = set(range(4, 8))
    assert not sealed[2] and not sealed[3] & 1, 'flipped, the length grows'
    with Ignored('a bit flipped in each byte', len(unknown), frames=len(sealed) - len(unknown),
                 frame_type=2, frame_length=2, auth=len(sealed) - len(unknown) - 4):
        for at, byte in enumerate(sealed):
            x.raw(sealed[:at] + bytes((byte ^ 1,)) + sealed[at + 1:])
    with Expect('the frame itself, after them', 1, [b'flip']):
        x.raw(sealed)


def test_strangers():
    random.seed(1)
    handshakes = (1, 2, 3)
    others = [kind for kind in range(256) if kind not in handshakes]
    with Ignored('random frames', 400):
        for _ in range(400):
            x.raw(bytes((random.choice(others),)) + random.randbytes(random.randrange(1500)))
    with Ignored('random frames of each type', len(others)):
        for kind in others:
            x.raw(bytes((kind, 0)) + random.randbytes(98))
    with Expect('those of handshakes are for each device', 3, frame_short=3):
        for kind in handshakes:
            x.raw(bytes((kind, 0, 0, 16)) + random.randbytes(98))
    with Expect('a session\'s index', 1, no_index=1):
        x.raw(wire.frame(wire.Key(401), direct(b'no')))
    with Expect('other types with the link\'s index', 255, frame_type=254,
                frame_length=1):
        sealed = wire.frame(x.to_r, direct(b'no'))
        for kind in range(256):
            if kind != 4:
                x.raw(bytes((kind,)) + sealed[1:])


def test_other_transport():
    """A link's key is for its own transport."""
    ours = wire.frame(x.to_r, direct(b'X'))
    theirs = wire.frame(y.to_r, direct(b'Y', Y))
    with Expect('the UDP link\'s frame over Ethernet', 1, no_index=1):
        x.raw(theirs)
    with Expect('the Ethernet link\'s frame over UDP', 1, no_index=1):
        y.raw(ours)
    with Expect('each over its own', 2, [b'X', b'Y']):
        x.raw(ours)
        time.sleep(0.1)
        y.raw(theirs)


def test_zz_down():
    """The last: the address does not come back by itself."""
    sealed = wire.frame(x.to_r, direct(b'down'))
    before = Ignored.dropped()
    ip('link', 'set', 'sw0', 'down')
    with Expect('sw0 is down', 0):
        x.raw(sealed)
        end = time.monotonic() + 5 * neighbour.SCALE
        while Ignored.dropped() == before and time.monotonic() < end:
            time.sleep(0.05)
    report('which the interface counts', [] if Ignored.dropped() == before + 1 else ['does not'])
    ip('link', 'set', 'sw0', 'up')
    with Expect('and up again', 1, delivered=1):
        x.raw(sealed)


main(globals())
