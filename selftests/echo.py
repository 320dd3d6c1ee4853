#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Neighbours X, Y and W of R, and E behind X and Y: what echo.sh runs."""
import json
import os
import select
import struct
import subprocess
import threading
import time

import packets
import wire
from neighbour import NETNS, SCALE, End, Expect, Far, main, open_inbox, report, stats, swctl
from wire import HEARD, echo

R, E = (os.environ[name + '_ADDR'] for name in 'RE')
E_KEY = os.environ['E_KEY']
x, y, w = End(5000, 10), End(5001, 20), End(5002, 40)
to_r, from_r = wire.Key(601), wire.Key(602)    # the session of E with R
inbox = open_inbox(R)


def test_answers():
    """Requests are answered, answers are not."""
    with Expect('a probe is answered', 1, echo_in=1, echo_out=1, tx_frames=1):
        x.send(echo(wire.REQUEST, 77, 1 << 63))
        got = x.receive()
        assert (got.kind, got.count, got.postage) == (wire.ECHO, 0, 0), vars(got)
        want = struct.pack('>BBHIQ', wire.REPLY, HEARD, 0, 77, 1 << 63)
        assert got.payload == want, got.payload.hex()
    with Expect('no longer than need be', 1, echo_in=1, echo_out=1, tx_frames=1):
        x.send(echo(wire.REQUEST, pad=bytes(1000)))
        assert len(x.receive().payload) == 16
    with Expect('an answer is not answered', 1, echo_in=1):
        x.send(echo(wire.REPLY))
    with Expect('nor one that came over relays', 1, echo_in=1):
        x.send(echo(wire.REPLY, labels=(5,), next=1))
    with Expect('a request over relays goes back as it came', 1, echo_in=1, echo_out=1,
                tx_frames=1):
        x.send(echo(wire.REQUEST, 78, 3, labels=(5, 6, 7), next=3, postage=99, flow=4))
        got = x.receive()
        assert (got.kind, got.next, got.labels, got.postage, got.flow) == \
            (wire.ECHO, 0, [7, 6, 5], 99, 4), vars(got)
        assert got.payload == struct.pack('>BBHIQ', wire.REPLY, 0, 0, 78, 3)
    with Expect('what is no ECHO', 3, echo=3):
        x.send(echo(2))
        x.send(echo(255))
        x.send(wire.route(wire.ECHO, (), bytes(15)))
    with Expect('requests are passed on', 1, forwarded=1, tx_frames=1):
        x.send(echo(wire.REQUEST, labels=(20,)))
        assert y.receive().labels == [10]


def test_lengths():
    """What we seal is opened, and we open what is sealed, whatever the length."""
    lengths = [*range(140), *range(250, 260), *range(510, 520), 1023, 1024, 1300]
    with Expect('relayed in any length', len(lengths), forwarded=len(lengths),
                tx_frames=len(lengths)):
        for length in lengths:
            packet = echo(wire.REQUEST, labels=(20,), pad=os.urandom(length))
            x.send(packet)
            assert y.receive().payload == packet[16:], length


def path(number):
    return json.loads(swctl('-j', 'path', 'show', 'peer', E_KEY, 'id', str(number)))[0]


def sent(text=b'to E'):
    """What R sends to E: (end, packet, session counter)."""
    inbox.sendto(text, (E, 9000))
    end = time.monotonic() + 3 * SCALE
    while time.monotonic() < end:
        for conn in x, y:
            for got in conn.receive_all():
                if got.kind != wire.DATA:
                    continue
                counter, inner = wire.open_session(from_r, got.payload)
                if inner[0] >> 4 == 6:
                    return conn, got, counter
        time.sleep(0.01)
    raise AssertionError('nothing for E')


def error(code, counter, index=602, labels=(), mtu=0, about=7):
    return wire.error(code, about, index, counter, mtu, labels)


def by_x(name):
    """R's packets to E go by X still."""
    report(name, [] if sent()[0] is x else ['by Y'])


def test_forged():
    """Errors about what was not sent, or not that way, are not heeded."""
    swctl('peer', 'set', E_KEY, 'probe-interval', '60000000')
    conn, got, counter = sent()
    report('to E by X', [] if conn is x and got.labels == [7] else [str(vars(got))])
    x.receive_all()
    y.receive_all()
    bad = [error(wire.LINK_DOWN, counter + 10), error(wire.LINK_DOWN, 1 << 63),
           error(wire.LINK_DOWN, counter, index=603),
           error(wire.LINK_DOWN, counter, index=601),
           error(wire.LINK_DOWN, counter, about=8),
           error(wire.LINK_DOWN, counter, labels=(7,)),
           error(wire.LINK_DOWN, counter, labels=(1, 2, 3))]
    for number, packet in enumerate(bad):
        with Expect('forged error %d' % number, 1, error_forged=1):
            x.send(packet)
    with Expect('an error by another link', 1, error_forged=1):
        y.send(error(wire.LINK_DOWN, counter))
    with Expect('what is no ERROR', 3, error=3):
        x.send(error(0, counter))
        x.send(error(5, counter))
        x.send(wire.route(wire.ERROR, (), bytes(19)))
    by_x('and R sends as before')
    counter = sent()[2]
    time.sleep(4.5)
    Expect.before = None
    with Expect('an error that comes too late', 1, error_forged=1):
        x.send(error(wire.LINK_DOWN, counter))
    by_x('and R sends as before that')


def far(small=True, full=True):
    """E, which answers small and full echoes of the session, or does not."""
    return Far((x, y), to_r, from_r, small, full)


def keep_using():
    inbox.sendto(b'use', (E, 9000))


def state_is(number, want):
    def test():
        keep_using()
        return path(number)['state'] == want
    return test


def test_error():
    """An error about what was just sent, from where it was sent to, is heeded."""
    swctl('peer', 'set', E_KEY, 'probe-interval', '150000')
    counter = sent()[2]
    before = stats()
    x.send(error(wire.LINK_DOWN, counter))
    conn, got, _ = sent()
    report('after an error the other path is taken',
           [] if conn is y and got.labels == [8, 9] else [str(vars(got))])
    report('it is counted', [] if stats()['error-in'] == before['error-in'] + 1 else ['no'])
    report('the path is suspect', [] if path(1)['state'] == 'suspect' else [str(path(1))])
    silent = far(small=False, full=False)
    silent.serve(2.0, lambda: keep_using() and False)
    asked = [a for a in silent.asked if a[0] is x]
    report('and probed', [] if len(asked) >= 5 else ['%d times' % len(asked)])
    report('but without an answer stays so',
           [] if path(1)['state'] == 'suspect' else [str(path(1))])
    report('until it has answered for a while',
           [] if far().serve(20, state_is(1, 'usable')) else [str(path(1))])
    by_x('and then it is taken again')
    got = path(1)
    report('its round trip is known', [] if got['rtt'] > 0 else [str(got)])
    report('a path that stops to answer is suspect',
           [] if far(small=False).serve(20, state_is(1, 'suspect')) else [str(path(1))])
    far().serve(40, state_is(1, 'usable'))


class Keeper(Far):
    """A relay that keeps packets, and each second request."""

    def one(self, conn, got):
        self.small = len(self.asked) % 2
        super().one(conn, got)


def state_seldom_used(number, want):
    """As state_is(), but with a packet every three seconds only."""
    used = 0

    def test():
        nonlocal used
        if time.monotonic() > used + 3 * SCALE:
            used = time.monotonic()
            keep_using()
        return path(number)['state'] == want
    return test


def test_hidden():
    """Paths of which nothing is ever known are not trusted."""
    swctl('path', 'del', 'peer', E_KEY, 'id', '2')
    swctl('path', 'add', 'peer', E_KEY, 'id', '2', 'link', '20', 'labels', '8,9',
          'preference', '1')
    only_x = Far((x,), to_r, from_r)
    report('a path that has never answered is suspect',
           [] if only_x.serve(20, state_seldom_used(2, 'suspect')) else [str(path(2))])
    far().serve(40, state_is(2, 'usable'))
    report('one that answers each second request is suspect',
           [] if Keeper((x,), to_r, from_r).serve(30, state_is(1, 'suspect')) else
           [str(path(1))])
    report('and is not, when it answers all',
           [] if far().serve(40, state_is(1, 'usable')) else [str(path(1))])


def test_mtu():
    """A relay's word on the MTU is put to the test."""
    # Nobody answers while sent() waits, so there has to be time for it.
    swctl('peer', 'set', E_KEY, 'probe-interval', '1000000')
    e = far()
    e.serve(20, state_is(1, 'usable'))
    mtu = path(1)['effective_mtu']
    counter = sent()[2]
    x.send(error(wire.TOO_BIG, counter, mtu=1340))
    e.asked = []
    e.serve(2.0, lambda: keep_using() and False)
    full = [a for a in e.asked if a[2] > 48]
    report('a padded echo asks', [] if full and {a[2] for a in full} == {mtu} else [str(full)])
    report('its answer refutes the relay',
           [] if path(1)['effective_mtu'] == mtu else [str(path(1))])
    counter = sent()[2]
    x.send(error(wire.TOO_BIG, counter, mtu=1340))
    e = far(full=False)
    e.serve(30.0, lambda: keep_using() or path(1)['effective_mtu'] != mtu)
    report('without an answer it is believed',
           [] if path(1)['effective_mtu'] == 1340 - 16 - 28 else [str(path(1))])
    counter = sent()[2]
    x.send(error(wire.TOO_BIG, counter, mtu=40))
    e.serve(30.0, lambda: keep_using() or path(1)['effective_mtu'] == 1280)
    report('nonsense makes it no smaller than it may be',
           [] if path(1)['effective_mtu'] == 1280 else
           [str(path(1))])
    swctl('peer', 'set', E_KEY, 'probe-interval', '0')


def test_session_echo():
    """R answers E's echo, with what has arrived; and lies are refused."""
    def ask(number, pad=0, labels=(7,)):
        inner = wire.proof(wire.REQUEST, number, pad=bytes(pad))
        return wire.route(wire.DATA, labels, wire.session(to_r, inner), next=len(labels),
                          postage=33)

    def answer(conn=x):
        got = conn.receive()
        inner = wire.open_session(from_r, got.payload)[1]
        return got, struct.unpack('>B3xIQII3Q', inner)

    time.sleep(0.3)
    x.receive_all()
    y.receive_all()
    with Expect('an echo is answered by the way it came', 1, proof_in=1, proof_out=1,
                tx_frames=1):
        x.send(ask(11))
        got, fields = answer()
        assert (got.labels, got.next, got.postage) == ([7], 0, 33), vars(got)
        assert fields[:3] == (wire.REPLY, 11, 5), fields
        epoch, start = fields[3], fields[5:]
        assert epoch, 'no epoch'
    data = packets.udp6(E, R, b'counts')
    with Expect('packets that arrive', 3, [b'counts'] * 3):
        for _ in range(3):
            x.send(wire.route(wire.DATA, (7,), wire.session(to_r, data), next=1, postage=10))
    with Expect('are reported', 1, proof_in=1, proof_out=1, tx_frames=1):
        x.send(ask(12, pad=1000))
        fields = answer()[1]
        assert fields[3] == epoch, 'another epoch'
        rise = [b - a for a, b in zip(start, fields[5:])]
        assert rise == [3, 3 * len(data), 30], rise
    with Expect('for each way by itself', 1, proof_in=1, proof_out=1, tx_frames=1):
        y.send(ask(13, labels=(8, 9)))
        fields = answer(y)[1]
        assert fields[5:] == (0, 0, 0) and fields[3] != epoch, fields
    with Expect('answers that nobody asked for', 2, proof=2):
        for number in 0, 0xfffffff0:
            inner = wire.proof(wire.REPLY, number)
            x.send(wire.route(wire.DATA, (7,), wire.session(to_r, inner), next=1))
    with Expect('what is no echo', 3, proof=3):
        for inner in b'\0' * 47, b'\2' + bytes(47), b'\x0f' + bytes(47):
            x.send(wire.route(wire.DATA, (7,), wire.session(to_r, inner), next=1))


def live():
    return json.loads(swctl('-j', 'link', 'show', 'label', '40'))[0]['liveness']


class Living(threading.Thread):
    """W answers probes with these flags, or not at all, as long as a block runs."""

    def __init__(self, flags):
        super().__init__()
        self.flags, self.over = flags, False

    def run(self):
        while not self.over:
            select.select([w.sock], [], [], 0.05)
            for got in w.receive_all():
                if got.kind == wire.ECHO and got.payload[0] == wire.REQUEST and \
                        self.flags is not None:
                    w.send(wire.route(wire.ECHO, (),
                                      bytes((wire.REPLY, self.flags)) + got.payload[2:]))

    def __enter__(self):
        self.start()

    def __exit__(self, *_):
        self.over = True
        self.join()


def becomes(name, want, flags, seconds=20):
    """With W doing so, R comes to think that."""
    end = time.monotonic() + seconds * SCALE
    with Living(flags):
        while live() != want and time.monotonic() < end:
            time.sleep(0.05)
    report(name, [] if live() == want else [live()])


def flap(seconds):
    """W says now that it hears, now that it does not. The seconds that it took."""
    start = time.monotonic()
    while time.monotonic() < start + seconds:
        for flags in 0, HEARD:
            w.send(echo(wire.REPLY, flags=flags))
            time.sleep(0.002)
    w.receive_all()
    return time.monotonic() - start


def changes():
    """What "swctl monitor" is told while W flaps; and for how long it did."""
    monitor = subprocess.Popen([os.environ['SWCTL'], '-n', NETNS, 'monitor'],
                               stdout=subprocess.PIPE, text=True)
    time.sleep(1 * SCALE)
    took = flap(2 * SCALE)
    monitor.terminate()
    return monitor.communicate()[0].count('link changed'), took


def flapping():
    """A neighbour cannot have everybody told of changes as often as it likes."""
    told, took = changes()
    print('%d changes in %.1f s' % (told, took))
    report('it flaps', [] if told else ['%d changes' % told])
    report('of which not each is told', [] if told < 20 * took else ['%d changes' % told])


def test_liveness():
    """W lives, falls silent, comes back, and does not hear."""
    # Python is no fast neighbour.
    swctl('link', 'set', 'label', '40', 'probe-busy', '1000000')
    report('a link whose neighbour has not answered', [] if live() == 'unproven' else [live()])
    with Living(0):
        time.sleep(2.5)
    report('it answers, but does not hear', [] if live() == 'unproven' else [live()])
    becomes('it hears', 'alive', HEARD)
    becomes('it is silent', 'dead', None)
    start = time.monotonic()
    becomes('it comes back', 'alive', HEARD)
    report('not at once', [] if time.monotonic() - start > 1 else ['at once'])
    becomes('it does not hear any more', 'dead', 0)
    becomes('it hears again', 'alive', HEARD)
    flapping()
    swctl('link', 'set', 'label', '40', 'probe-busy', '0')
    time.sleep(1.5)
    report('it is not watched', [] if live() == 'unwatched' else [live()])


main(globals())
