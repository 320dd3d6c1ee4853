#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Neighbours X and Y of the relay R, and E behind X: what hostile.sh runs.

Each test says which counters must rise by how much; all others must not.
"""
import json
import os
import struct
import subprocess
import time

import packets
import wire
from neighbour import Expect, delivered, main, report, settle, stats, swctl
import neighbour

R, X, E = (os.environ[name + '_ADDR'] for name in 'RXE')
LABEL = {'X': 10, 'Y': 20, 'P': 30}
x, y, p = (neighbour.End(5000 + n, LABEL[name]) for n, name in enumerate('XYP'))
to_r, from_r = wire.Key(401), wire.Key(402)    # the session of E with R
inbox = neighbour.open_inbox(R)
GARBAGE = 100000 // neighbour.SCALE
# All of three sweeps, where there is time for it
HEADERS = 3 * 65536 if neighbour.SCALE == 1 else GARBAGE
SEED = os.environ['SEED']


def direct(text, **field):
    return wire.route(wire.DIRECT, (), packets.udp6(X, R, text), **field)


def data(text, counter=None, labels=(7,), **field):
    """A session packet from E, which has passed X."""
    sealed = wire.session(to_r, packets.udp6(E, R, text), counter)
    field.setdefault('next', len(labels))
    return wire.route(wire.DATA, labels, sealed, **field)


def test_reference():
    """Frames of ours are taken, and those of R are what they should be."""
    with Expect('a DIRECT packet of ours', 1, [b'one']):
        x.send(direct(b'one'))
    with Expect('a session packet of ours', 1, [b'two']):
        x.send(data(b'two'))
    with Expect('a DIRECT packet of R', 0, tx_frames=1, originated=1):
        inbox.sendto(b'three', (X, 9000))
        got = x.receive()
        want = packets.udp6(R, X, b'three')
        assert (got.version, got.kind, got.klass, got.next, got.count,
                got.postage) == (1, wire.DIRECT, 0, 0, 0, 0), vars(got)
        assert got.payload[4:8] == want[4:8] and got.payload[8:] == want[8:], \
            got.payload.hex()
    with Expect('a session packet of R', 0, tx_frames=1, originated=1):
        inbox.sendto(b'four', (E, 9000))
        got = x.receive()
        assert (got.version, got.kind, got.next, got.labels, got.postage) == \
            (1, wire.DATA, 0, [7], 1000), vars(got)
        counter, inner = wire.open_session(from_r, got.payload)
        assert counter == 0, counter
        assert inner[8:] == packets.udp6(R, E, b'four')[8:], inner.hex()
    with Expect('IPv4 in the session', 1, delivered=1):
        packet = packets.udp4('192.0.2.1', '192.0.2.2', b'five')
        x.send(wire.route(wire.DATA, (7,), wire.session(to_r, packet), next=1))


def forwards(name, labels, at, egress, **field):
    """Checks what comes out of R for labels, of which it consumes one."""
    with Expect(name, 1, forwarded=1, tx_frames=1):
        payload = os.urandom(100)
        x.send(wire.route(wire.DATA, labels, payload, next=at, flow=0xabcd1234,
                          klass=0xb8, **field))
        got = egress.receive()
        want = list(labels)
        want[at] = LABEL['X']
        assert got.labels == want, 'labels %s, not %s' % (got.labels, want)
        assert (got.version, got.kind, got.next, got.flow, got.klass) == \
            (1, wire.DATA, at + 1, 0xabcd1234, 0xb8), vars(got)
        assert got.payload == payload, 'another payload'


def test_forward():
    forwards('R writes the way back', (20,), 0, y)
    forwards('R writes the way back, in the middle', (5, 20, 9), 1, y)
    forwards('R writes the way back, of 24', (1,) * 23 + (20,), 23, y)
    with Expect('the labels reversed are the way back', 2, forwarded=2, tx_frames=2):
        x.send(wire.route(wire.DATA, (20,), b'there'))
        got = y.receive()
        y.send(wire.route(wire.DATA, got.labels[:got.next][::-1], b'back'))
        got = x.receive()
        assert got.payload == b'back' and got.labels == [LABEL['Y']], vars(got)


def reason(bad, length, known):
    """Why a frame that was length bytes long, and is now bad, is dropped."""
    kind, sealed, says, index, counter = struct.unpack_from('>BBHIQ', bad)
    if says < wire.FRAME_MIN:
        return 'frame_short'
    if says > length:
        return 'frame_length'
    if (kind, sealed) != (4, 0):
        return 'frame_type'
    if index not in known:
        return 'no_index'
    return 'key_expired' if counter >= 1 << 60 else 'auth'


def test_flips():
    """No byte of a frame can be changed, and none that was counts as seen."""
    sealed = wire.frame(x.to_r, direct(b'flip'))
    bad = [sealed[:at] + bytes((sealed[at] ^ mask,)) + sealed[at + 1:]
           for mask in (0x01, 0xff) for at in range(len(sealed))]
    rise = {}
    for b in bad:
        why = reason(b, len(sealed), (101, 201, 301))
        rise[why] = rise.get(why, 0) + 1
    with Expect('%d frames with a byte flipped' % len(bad), len(bad), **rise):
        for b in bad:
            x.raw(b)
    with Expect('the frame itself, after them', 1, [b'flip']):
        x.raw(sealed)


def test_gate():
    """What is refused before any crypto."""
    sealed = wire.frame(x.to_r, direct(b'gate'))
    short = wire.FRAME_MIN
    with Expect('truncated to every length', len(sealed), frame_short=short,
                frame_length=len(sealed) - short):
        for length in range(len(sealed)):
            x.raw(sealed[:length])
    # As handshakes they are too long (3), or have a counter.
    with Expect('every other type', 255, frame_type=254, frame_length=1):
        for kind in range(256):
            if kind != 4:
                x.raw(bytes((kind,)) + sealed[1:])
    with Expect('a frame for a session\'s index', 1, no_index=1):
        x.raw(wire.frame(wire.Key(401), direct(b'no'), 1 << 40))
    with Expect('a counter beyond the limit', 1, key_expired=1):
        x.send(direct(b'no'), counter=1 << 60)
    with Expect('the length beyond the packet, sealed', 1, frame_length=1):
        x.raw(wire.frame(x.to_r, direct(b'no'), length=len(sealed) + 1))
    with Expect('the length short of the packet, sealed', 1, auth=1):
        x.raw(wire.frame(x.to_r, direct(b'no!'), length=len(sealed) - 2))
    with Expect('a length of its header alone', 1, frame_short=1):
        x.raw(wire.frame(x.to_r, direct(b'no'), length=16))
    with Expect('padded by the transport', 1, [b'gate']):
        x.raw(sealed + bytes(20))
    with Expect('replayed', 1, replay=1):
        x.raw(sealed)
    with Expect('replayed by another link', 1, replay=1):
        y.raw(sealed)


def test_window():
    """8191 behind is accepted, once, and 8192 behind is not."""
    base = x.to_r.counter + 10
    top = base + 8192
    with Expect('reordered within the window', 4, [b'a', b'b', b'c', b'd']):
        x.send(direct(b'a'), counter=top)
        x.send(direct(b'b'), counter=base + 1)
        x.send(direct(b'c'), counter=top - 1)
        x.send(direct(b'd'), counter=base + 64)
    with Expect('8192 behind', 1, replay=1):
        x.send(direct(b'no'), counter=base)
    with Expect('each of them again', 4, replay=4):
        for counter in (top, base + 1, top - 1, base + 64):
            x.send(direct(b'no'), counter=counter)
    with Expect('a leap ahead', 3, [b'e', b'f'], replay=1):
        x.send(direct(b'e'), counter=top + 1000000)
        x.send(direct(b'no'), counter=top + 1)
        x.send(direct(b'f'), counter=top + 1000000 - 8191)
    x.to_r.counter = top + 1000001
    base = to_r.counter + 10
    with Expect('the session\'s window', 5, [b'a', b'b'], session_replay=3):
        x.send(data(b'a', base + 8192))
        x.send(data(b'b', base + 1))
        x.send(data(b'no', base + 1))
        x.send(data(b'no', base + 8192))
        x.send(data(b'no', base))
    to_r.counter = base + 8193


def refused(name, why, *bad):
    with Expect(name, len(bad), **{why: len(bad)}):
        for packet in bad:
            x.send(packet)


def told(name, why, code, mtu, *bad):
    """Refused as well, and the sender is told why."""
    with Expect(name, len(bad), error_out=len(bad), tx_frames=len(bad),
                **{why: len(bad)}):
        for packet in bad:
            x.send(packet)
            bad = wire.Packet(packet)
            got = x.receive()
            assert (got.version, got.kind, got.next, got.labels) == \
                (1, wire.ERROR, 0, bad.labels[:bad.next][::-1]), vars(got)
            assert (got.postage, got.flow) == (bad.postage, bad.flow), vars(got)
            want = struct.pack('>BBHI', code, 0, bad.labels[bad.next], mtu)
            assert got.payload == want + bad.payload[:12], got.payload.hex()


def test_header():
    """Headers that an authenticated neighbour should not send."""
    def route(kind, labels=(), **field):
        return wire.route(kind, labels, bytes(40), **field)

    refused('next beyond count', 'hops', route(wire.DATA, (20,), next=2),
            route(wire.DIRECT, next=1), route(wire.DATA, (20,) * 24, next=255))
    refused('more than 24 labels', 'hops', route(wire.DATA, (20,) * 25),
            route(wire.DATA, (20,), count=255))
    refused('a header cut short', 'header', wire.route(wire.DATA, (20,) * 3, count=5),
            wire.route(wire.DATA, (20,), count=3, next=0))
    refused('another version', 'header',
            *(route(wire.DATA, (20,), version=v) for v in (0, 2, 15)))
    refused('padding that is not zero', 'header', route(wire.DATA, (20,), pad=1),
            route(wire.DATA, (20, 20, 20), pad=0x8000))
    refused('DIRECT with labels', 'direct_hops', route(wire.DIRECT, (20,)),
            route(wire.DIRECT, (7,), next=1))
    refused('unknown packet types', 'packet_type',
            *(route(kind) for kind in range(5, 16)),
            *(route(kind, (20,)) for kind in range(5, 16)))
    refused('CONTROL without a listener', 'no_listener', route(wire.CONTROL))
    told('unknown labels', 'no_label', wire.NO_LABEL, 0,
         *(route(wire.DATA, (label,), flow=label, postage=label + 5)
           for label in (0, 1, 21, 0x1400, 65535)),
         route(wire.DATA, (5, 6, 21, 7), next=2))
    refused('unknown labels, not of DATA', 'no_label',
            *(route(kind, (21,)) for kind in (wire.CONTROL, wire.ECHO, wire.ERROR)))
    refused('unknown labels, of what is no session frame', 'no_label',
            wire.route(wire.DATA, (21,), bytes(27)))
    refused('the way it came', 'u_turn', route(wire.DATA, (10,)))
    refused('the way it came, by the other link', 'u_turn', route(wire.DATA, (30,)))
    with Expect('the way it came, from the other link', 1, u_turn=1):
        p.send(route(wire.DATA, (10,)))


def test_session():
    """Sessions, inner packets and sources that are not right."""
    def passed(payload):
        return wire.route(wire.DATA, (7,), payload, next=1)

    def inner(packet):
        return passed(wire.session(to_r, packet))

    refused('session frames cut short', 'session_short',
            *(passed(bytes(n)) for n in (0, 11, 12, 27)))
    refused('unknown session', 'session_no_index', passed(bytes(28)))
    refused('a link\'s index as a session\'s', 'session_no_index',
            passed(wire.session(wire.Key(101, counter=1 << 40), bytes(40))))
    sealed = wire.session(to_r, packets.udp6(E, R, b'no'))
    bad = [sealed[:at] + bytes((sealed[at] ^ 1,)) + sealed[at + 1:]
           for at in range(4, len(sealed))]
    count = sum(struct.unpack_from('>Q', s, 4)[0] >= 1 << 60 for s in bad)
    with Expect('a session frame with a byte flipped', len(bad),
                session_auth=len(bad) - count, key_expired=count):
        for s in bad:
            x.send(passed(s))
    good = packets.udp6(E, R, b'no')
    good4 = packets.udp4('192.0.2.1', '192.0.2.2', b'no')
    refused('what is no IP packet', 'inner_header', inner(b''), inner(b'\x10' * 40),
            inner(b'\x50' + good[1:]), inner(good[:39]), inner(good[:-1]),
            inner(b'\x44' + good4[1:]), inner(good4[:19]), inner(good4[:-1]),
            inner(b'\x4f' + good4[1:]), inner(good4[:2] + b'\0\x13' + good4[4:]))
    with Expect('an inner packet with a tail', 1, [b'tail']):
        x.send(inner(packets.udp6(E, R, b'tail') + bytes(9)))
    refused('sources of others, in the session', 'inner_source',
            inner(packets.udp6(X, R, b'no')), inner(packets.udp6(R, R, b'no')),
            inner(packets.udp6('fc00::1', R, b'no')), inner(packets.udp6('::1', R, b'no')),
            inner(packets.udp4('192.0.3.1', '192.0.2.2', b'no')),
            inner(packets.udp4('127.0.0.1', '192.0.2.2', b'no')))
    refused('sources of others, from a neighbour', 'inner_source',
            *(wire.route(wire.DIRECT, (), packets.udp6(s, R, b'no')) for s in (E, R)),
            wire.route(wire.DIRECT, (), packets.udp4('192.0.2.1', '192.0.2.2', b'no')))


def test_ecn():
    """RFC 6040 from the outer header to the inner one."""
    with Expect('congestion on what cannot tell', 2, ecn=2):
        x.send(direct(b'no'), tos=wire.CE)
        x.send(wire.route(wire.DATA, (20,), b'x'), tos=wire.CE)
    packet = packets.udp6(X, R, b'ce', tclass=0xb8 | wire.ECT0)
    before = stats()
    x.send(wire.route(wire.DIRECT, (), packet, klass=0xb8 | wire.ECT0), tos=wire.CE)
    settle(before, 1)
    got = delivered()
    report('congestion reaches the inner header, whose DSCP stays',
           [] if got == [(b'ce', 0xb8 | wire.CE)] else [repr(got)])
    Expect.before = None
    packet = packets.udp6(X, R, b'no', tclass=wire.NOT_ECT)
    refused('congestion marked by a relay', 'ecn',
            wire.route(wire.DIRECT, (), packet, klass=wire.CE))
    for outer, klass, want in ((wire.CE, wire.ECT0, wire.CE), (0, wire.ECT0, wire.ECT0),
                               (wire.CE, wire.ECT1, wire.CE),
                               (wire.ECT1, wire.ECT0, wire.ECT1)):
        with Expect('outer %d, class %d make %d' % (outer, klass, want), 1,
                    forwarded=1, tx_frames=1):
            x.send(wire.route(wire.DATA, (20,), b'x', klass=0xb8 | klass), tos=outer)
            got = y.receive()
            assert got.klass == 0xb8 | want, 'class %#x' % got.klass
            assert y.tos == want, 'outer TOS %#x' % y.tos


def traffic(label):
    link = json.loads(swctl('-j', 'link', 'show', 'label', str(label)))[0]
    return {name.replace('_', '-'): value for name, value in link.items()}


def test_postage():
    """For every packet forwarded, in = fee + out; what is refused earns nothing."""
    rate, base, size = 3 << 18, 100, 77
    fee = base + -(-size * rate // (1 << 20))
    swctl('link', 'set', 'label', '20', 'price-base', str(base), 'price-rate', str(rate))
    before = {label: traffic(label) for label in (10, 20)}
    paid = (fee, 2 ** 32 - 1)
    for postage in paid:
        with Expect('postage of %d' % postage, 1, forwarded=1, tx_frames=1):
            x.send(wire.route(wire.DATA, (20,), bytes(size), postage=postage))
            got = y.receive()
            assert got.postage == postage - fee, '%d left' % got.postage
    short = (fee - 1, 0)
    told('postage short of the fee', 'postage', wire.NO_CREDIT, 0,
         *(wire.route(wire.DATA, (20,), bytes(size), postage=p) for p in short))
    after = {label: traffic(label) for label in (10, 20)}
    rise = {(label, name): after[label][name] - before[label][name]
            for label in (10, 20) for name in ('postage-in', 'postage-out', 'postage-fee')}
    want = {(10, 'postage-in'): sum(paid + short), (10, 'postage-out'): sum(short),
            (10, 'postage-fee'): 0, (20, 'postage-in'): 0,
            (20, 'postage-out'): sum(paid) - 2 * fee, (20, 'postage-fee'): 2 * fee}
    report('in is fee and out', ['%s rose by %d, not %d' % (k, rise[k], want[k])
                                 for k in want if rise[k] != want[k]])
    swctl('link', 'set', 'label', '20', 'price-base', '0', 'price-rate', '0')


def test_sizes():
    """The largest and the smallest that UDP carries."""
    most = 65507 - wire.FRAME_LEN - wire.TAG_LEN
    told('larger than any link', 'too_big', wire.TOO_BIG, 1420,
         wire.route(wire.DATA, (20,), bytes(most - 16)))
    with Expect('an ECHO as large as can be', 1, echo_in=1, echo_out=1, tx_frames=1):
        x.send(wire.echo(wire.REQUEST, pad=bytes(most - 28)))
        got = x.receive()
        assert len(got.payload) == 16, '%d bytes' % len(got.payload)
    refused('as large, and no IP packet', 'inner_header',
            wire.route(wire.DIRECT, (), bytes(most - 12)))
    refused('as large, and no session\'s', 'session_no_index',
            wire.route(wire.DATA, (), bytes(most - 12)))
    refused('as large, and of no error', 'error', wire.route(wire.ERROR, (), bytes(most - 12)))
    refused('as large, over relays', 'control_size',
            wire.route(wire.CONTROL, (20,), bytes(most - 16)))
    refused('as large, and nobody listens', 'no_listener',
            wire.route(wire.CONTROL, (), bytes(most - 12)))
    text = os.urandom(most - 12 - 48)
    with Expect('as large, and right', 1, [text]):
        x.send(direct(text))
    text = text[:most - 16 - 28 - 48]
    with Expect('as large, and right, in the session', 1, [text]):
        x.send(data(text))
    for kind, why in ((wire.DATA, 'session_short'), (wire.DIRECT, 'inner_header'),
                      (wire.CONTROL, 'no_listener'), (wire.ECHO, 'echo'), (wire.ERROR, 'error')):
        refused('nothing in a packet of type %d' % kind, why, wire.route(kind))
    for count in (1, 24):
        labels = (20,) * count
        with Expect('nothing behind %d labels' % count, 4, forwarded=4, tx_frames=4):
            for kind in (wire.DATA, wire.CONTROL, wire.ECHO, wire.ERROR):
                x.send(wire.route(kind, labels))
                assert y.receive().payload == b''
    with Expect('nothing at all', 1, frame_short=1):
        x.raw(b'')


# What may become of a kind of random packet
OUTCOMES = {
    'local-data': ('session-short', 'session-no-index'),
    'local-control': ('no-listener',),
    'local-direct': ('inner-header', 'inner-source', 'ecn', 'delivered'),
    'local-echo': ('echo', 'echo-in', 'echo-rate'),
    'local-error': ('error', 'error-forged'),
}


def flood(name, mode, count, price=(0, 0)):
    """So many at once, of which the transport may lose some, and R nothing. Those that
    it passes on pay the price: (base, rate)."""
    before, kept = stats(), traffic(20)['postage-fee']
    out = subprocess.run(
        [os.environ['OUTPUT'] + '/sealed-flood', str(x.sock.fileno()), str(count),
         str(x.to_r.index), str(x.to_r.counter), mode, SEED, *map(str, price)],
        stdout=subprocess.PIPE, pass_fds=[x.sock.fileno()], text=True, check=True).stdout
    x.to_r.counter += count
    took, *lines = out.splitlines()
    time.sleep(0.3 * neighbour.SCALE)
    after = stats()
    rise = {counter: after[counter] - before[counter] for counter in after}
    came = rise['rx-frames']
    print('%s: %d of %d came in, %s ms' % (name, came, count, took))
    faults, counted = [], 0
    kinds = dict(line.split() for line in lines)
    paid, kept = int(kinds.pop('paid', 0)), traffic(20)['postage-fee'] - kept
    print('%s: %d to be paid, %d kept' % (name, paid, kept))
    if kept != paid if came == count else kept > paid:
        faults.append('%d kept, of %d' % (kept, paid))
    for kind, sent in kinds.items():
        got = sum(rise[counter] for counter in OUTCOMES.get(kind, (kind,)))
        print('%s: %s sent, %d counted' % (kind, sent, got))
        counted += got
        if got > int(sent):
            faults.append('%s: %d counted, %s sent' % (kind, got, sent))
    if counted != came:
        faults.append('%d came in, %d counted' % (came, counted))
    if came < count * 0.9:
        faults.append('%d of %d came in' % (came, count))
    report(name, faults)
    for end in x, y:
        end.receive_all()
    delivered()
    Expect.before = None


def test_headers():
    """Random headers, with all values of next and count, and of the label that R looks
    up. Half of them have too little postage."""
    print('seed', SEED)
    price = 1 << 31, 3 << 18
    swctl('link', 'set', 'label', '20', 'price-base', str(price[0]), 'price-rate', str(price[1]))
    flood('random source-route headers', 'headers', HEADERS, price)
    swctl('link', 'set', 'label', '20', 'price-base', '0', 'price-rate', '0')
    with Expect('R forwards still', 1, forwarded=1, tx_frames=1):
        x.send(wire.route(wire.DATA, (20,), b'still'))
        assert y.receive().payload == b'still'


def test_garbage():
    """What nobody has sealed, with headers of frames that are right."""
    counter = x.to_r.counter
    flood('garbage in frames', 'garbage', GARBAGE)
    # None of it has moved the window.
    x.to_r.counter = counter
    with Expect('R takes what is sealed still', 1, [b'still']):
        x.send(direct(b'still'))


def test_state():
    """Links that are down, small, or without a key."""
    packet = wire.route(wire.DATA, (20,), bytes(1300))
    swctl('link', 'set', 'label', '20', 'mtu', '1313')
    told('larger than the egress link', 'too_big', wire.TOO_BIG, 1313, packet)
    swctl('link', 'set', 'label', '20', 'mtu', '1316')
    with Expect('as large as the egress link', 1, forwarded=1, tx_frames=1):
        x.send(packet)
        y.receive()
    swctl('link', 'set', 'label', '20', 'state', 'down')
    told('out of a link that is down', 'link_down', wire.LINK_DOWN, 0, packet)
    with Expect('in by a link that is down', 1, link_down=1):
        y.send(wire.route(wire.DATA, (10,), b'no'))
    swctl('link', 'set', 'label', '20', 'state', 'up')
    swctl('key', 'del', 'rx-index', '201')
    told('out of a link without a key', 'no_key', wire.LINK_DOWN, 0, packet)
    with Expect('in by a key that is gone', 1, no_index=1):
        y.send(wire.route(wire.DATA, (10,), b'no'))
    with Expect('and R works still', 2, [b'direct', b'session']):
        x.send(direct(b'direct'))
        x.send(data(b'session'))


main(globals())
