#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Neighbour X of R, who sends from several addresses; what roam.sh runs."""
import json
import os
import struct
import time

import packets
import wire
from neighbour import Expect, End, SCALE, main, open_inbox, report, stats, swctl

R, X = (os.environ[name + '_ADDR'] for name in 'RX')
LABEL, HOME = 70, 5000
home = End(HOME, LABEL)
inbox = open_inbox(R)
MOST = 3


class Place(End):
    """Another port, with the same keys."""

    def __init__(self, port):
        super().__init__(port, LABEL)
        self.port = port
        self.to_r, self.from_r = home.to_r, home.from_r


def direct(text):
    return wire.route(wire.DIRECT, (), packets.udp6(X, R, text))


def remote():
    return json.loads(swctl('-j', 'link', 'show', 'label', str(LABEL)))[0]['remote_port']


def rest():
    """Until R has all of its probes again."""
    time.sleep(2.5)
    home.receive_all()


def probe(got):
    """The nonce of a probe of ours, or None."""
    if (got.kind, got.count) != (wire.ECHO, 0):
        return None
    kind, _, _, number, nonce = struct.unpack('>BBHIQ', got.payload)
    return nonce if (kind, number) == (wire.REQUEST, 0) else None


def answer(place, nonce, counter=None):
    place.send(wire.route(wire.ECHO, (), struct.pack('>BBHIQ', wire.REPLY, 1, 0, 0, nonce)),
               counter=counter)


def stays(name):
    Expect.before = None
    time.sleep(0.3 * SCALE)
    home.receive_all()
    inbox.sendto(b'where', (X, 9000))
    while (got := home.receive()).kind == wire.ECHO:
        pass
    report(name, [] if got.kind == wire.DIRECT and remote() == HOME else
           ['port %d' % remote(), str(vars(got))])


def asked(place, name, text=b'hello'):
    """R is sent a frame from there, and asks back; the nonce."""
    place.receive_all()
    with Expect(name, 1, [text], echo_out=1, tx_frames=1):
        frame = wire.frame(place.to_r, direct(text))
        place.raw(frame)
        place.sock.settimeout(3 * SCALE)
        data = place.sock.recv(65536)
        assert len(data) <= MOST * len(frame), '%d bytes for %d' % (len(data), len(frame))
        nonce = probe(wire.Packet(wire.open_frame(home.from_r, data)[1]))
        assert nonce is not None, 'no probe'
        return nonce
    return None


def test_unproven():
    """The link does not move to who does not answer from there."""
    away, other = Place(6000), Place(6001)
    nonce = asked(away, 'a frame from elsewhere: R asks there')
    stays('and sends where it did')
    answer(home, nonce)
    stays('an answer from the old address moves nothing')
    with Expect('nor one from a third address, which R asks too', 1, echo_in=1, echo_out=1,
                tx_frames=1):
        answer(other, nonce)
        assert probe(other.receive()) is not None
    answer(away, nonce)
    stays('the first one is too late then')
    rest()
    nonce = asked(away, 'asked again')
    answer(away, nonce ^ 1)
    stays('an answer to another question moves nothing either')
    rest()
    away.receive_all()
    old = home.to_r.counter
    home.to_r.counter += 100
    with Expect('frames of home', 1, [b'new']):
        home.send(direct(b'new'))
    with Expect('an older frame from elsewhere asks for nothing', 1, [b'old']):
        away.send(direct(b'old'), counter=old + 50)
    with Expect('nor does a forged one', 1, auth=1):
        frame = bytearray(wire.frame(away.to_r, direct(b'forged')))
        frame[-1] ^= 1
        away.raw(bytes(frame))
    report('nobody was asked', ['%s' % vars(p) for p in away.receive_all()])


def test_storm():
    """Frames from ever other addresses."""
    rest()
    places = [Place(port) for port in range(7000, 7100)]
    before, start = stats(), time.monotonic()
    for i in range(1000):
        places[i % len(places)].send(direct(b'storm'))
    end = time.monotonic() + 10 * SCALE
    while stats()['rx-frames'] - before['rx-frames'] < 1000 and time.monotonic() < end:
        time.sleep(0.05)
    seconds = time.monotonic() - start
    probes = sum(len(place.receive_all()) for place in places)
    sent = stats()['echo-out'] - before['echo-out']
    while inbox_read():
        pass
    report('a thousand frames from a hundred addresses: few are asked',
           [] if 0 < probes == sent <= 4 + 2 * seconds + 1 else
           ['%d arrived, %d sent in %.1f s' % (probes, sent, seconds)])
    stays('the link stays')


def inbox_read():
    inbox.settimeout(0)
    try:
        return inbox.recv(65536)
    except BlockingIOError:
        return b''


def moved(place):
    end = time.monotonic() + 3 * SCALE
    while remote() != place.port and time.monotonic() < end:
        time.sleep(0.05)
    return remote() == place.port


def test_moves():
    """And to who does it moves, there and back."""
    rest()
    away, back = Place(6002), Place(0)
    back.sock.close()
    back.sock, back.port = home.sock, HOME
    for place, text in (away, b'away'), (back, b'home'):
        nonce = asked(place, 'from %d' % place.port, text)
        answer(place, nonce)
        report('the link moves to %d' % place.port,
               [] if moved(place) else ['it is at %d' % remote()])
        inbox.sendto(b'here', (X, 9000))
        while (got := place.receive().kind) == wire.ECHO:
            pass
        report('what R sends goes there', [] if got == wire.DIRECT else [str(got)])
        Expect.before = None
    rest()
    nonce = asked(away, 'a candidate')
    swctl('link', 'set', 'label', str(LABEL), 'remote',
          '%s:%d' % (os.environ['X_UNDERLAY'], HOME))
    answer(away, nonce)
    stays('who sets an address sets it')


def test_passive():
    """A link without an address takes that of who answers."""
    rest()
    key = wire.Key(LABEL * 100 + 1), wire.Key(LABEL * 100 + 2)
    place = Place(6003)
    place.to_r, place.from_r = key
    place.send(direct(b'first'))
    data = place.sock.recv(65536)
    nonce = probe(wire.Packet(wire.open_frame(key[1], data)[1]))
    report('R asks who speaks to it', [] if nonce is not None else ['no probe'])
    answer(place, nonce)
    end = time.monotonic() + 3 * SCALE
    while time.monotonic() < end:
        link = json.loads(swctl('-j', 'link', 'show', 'label', str(LABEL * 10)))[0]
        if link.get('remote_port') == 6003:
            break
        time.sleep(0.05)
    report('and has an address then', [] if link.get('remote_port') == 6003 else [str(link)])


main(globals())
