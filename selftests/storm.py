#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Neighbours X and Y of R who send more than is good, and E behind both: what
storm.sh runs."""
import json
import os
import random
import signal
import struct
import subprocess
import tempfile
import threading
import time

import wire
from neighbour import SCALE, End, Far, main, open_inbox, report, stats, swctl

E, E_KEY = os.environ['E_ADDR'], os.environ['E_KEY']
PREFIX, TO_B = os.environ['PREFIX'], int(os.environ['TO_B'])
FLOOD = int(os.environ['FLOOD'])
# The module's own limits of answers, to a neighbour, a stranger, a session:
# burst, and in a second
NEIGHBOUR, STRANGER, SESSION = (100, 2000), (50, 2000), (100, 200)
x, y = End(5000, 10), End(5001, 20)
to_r, from_r = wire.Key(601), wire.Key(602)    # the session of E with R
inbox = open_inbox(os.environ['R_ADDR'])
SEED = 1
pick = random.Random(SEED)


def verdict(name, **so):
    """All of it must be so: what is not, is named."""
    report(name, [fault for fault, holds in so.items() if not holds])


class Flood:
    """So many of the packets, over and again; with a session, what follows their
    headers is sealed for that."""

    def __init__(self, end, packets, count, session=None):
        self.count = count
        keys = [key for key in (end.to_r, session) if key]
        args = [str(n) for key in keys for n in (key.index, key.counter)]
        for key in keys:
            key.counter += count
        with tempfile.TemporaryFile() as file:
            for packet in packets:
                file.write(struct.pack('>H', len(packet)) + packet)
            file.seek(0)
            self.process = subprocess.Popen(
                [os.environ['OUTPUT'] + '/sealed-flood', str(end.sock.fileno()), str(count), *args],
                stdin=file, stdout=subprocess.PIPE, pass_fds=[end.sock.fileno()])

    def is_over(self):
        return self.process.poll() is not None

    def wait(self):
        """The seconds that it took to send."""
        out = self.process.communicate()[0]
        assert self.process.returncode == 0, 'sealed-flood failed'
        return int(out) / 1000


def link(label):
    got = json.loads(swctl('-j', 'link', 'show', 'label', str(label)))[0]
    return {name.replace('_', '-'): value for name, value in got.items()}


class Storm:
    """What a storm on a link changes: self.rise of counters and of the link's, in
    self.seconds; A's pings to B meanwhile."""

    def __init__(self, end, label, packets, count, session=None, node='R', wait=None):
        ping = subprocess.Popen(
            ['nsenter', '--net=/run/netns/%sA' % PREFIX, 'ping', '-n', '-i', '0.2', '-W', '5',
             os.environ['B_ADDR']], stdout=subprocess.PIPE, text=True)
        before, links = stats(PREFIX + node), link(label)
        start = time.monotonic()
        flood = Flood(end, packets, count, session)
        if wait:
            wait(flood.is_over)
        self.took = flood.wait()
        time.sleep(0.3 * SCALE)
        after = stats(PREFIX + node)
        now = link(label)
        self.seconds = time.monotonic() - start
        self.rise = {name: after[name] - before[name] for name in after}
        self.rx, self.tx = (now[n] - links[n] for n in ('rx-packets', 'tx-packets'))
        ping.send_signal(signal.SIGINT)
        words = next(line for line in ping.communicate()[0].splitlines() if 'received' in line)
        self.sent, self.back = int(words.split()[0]), int(words.split()[3])
        print('# %d of %d came in, %d in a second; %d of %d pings' %
              (self.rx, count, count / max(self.took, 0.001), self.back, self.sent))

    def most(self, limit):
        return limit[0] + limit[1] * self.seconds

    def passes_on(self):
        """One may be under way."""
        return self.sent >= 2 and self.back >= self.sent * 0.8 - 1


# --- ECHO ---

def test_requests():
    """Probes without end are answered in part, and keep a link alive."""
    packets = [wire.echo(wire.REQUEST, n, pick.getrandbits(64), pad=bytes(n % 50))
               for n in range(500)]
    swctl('link', 'set', 'label', '10', 'probe-busy', '1000000')
    storm = Storm(x, 10, packets, FLOOD)
    answers = storm.rx - storm.rise['echo-rate']
    verdict('requests without end: %d answers' % answers,
            they_came_in=storm.rx >= FLOOD / 2,
            some_are_answered=answers >= NEIGHBOUR[0],
            not_too_many=answers <= storm.most(NEIGHBOUR),
            # R probes as well.
            none_is_answered_twice=answers <= storm.tx <= answers + storm.seconds / 0.5 + 3,
            packets_are_passed_on=storm.passes_on())
    got = link(10)
    verdict('who floods is not dead', alive=got['liveness'] == 'alive', deaths=got['deaths'] == 0)
    swctl('link', 'set', 'label', '10', 'probe-busy', '0')
    x.receive_all()


def test_strangers():
    """Requests over a relay leave it the answers that its neighbour needs."""
    packets = [wire.echo(wire.REQUEST, n, labels=(TO_B,)) for n in range(500)]
    storm = Storm(x, 10, packets, FLOOD // 4, node='B')
    b = storm.rise
    verdict('requests over a relay: B refuses %d' % b['echo-rate'],
            some_are_answered=b['echo-out'] >= STRANGER[0],
            not_too_many=b['echo-out'] <= storm.most(STRANGER) + storm.seconds / 0.3 + 3,
            most_are_not=b['echo-rate'] >= storm.rx - storm.most(STRANGER) - storm.sent,
            packets_are_passed_on=storm.passes_on())
    x.receive_all()


def test_replies():
    """Replies, which nobody asked for, and what is neither: not a word."""
    good = [wire.echo(wire.REPLY, pick.getrandbits(32), pick.getrandbits(64),
                      pick.getrandbits(8), bytes(n), labels=(9,) * (n % 25), next=n % 25)
            for n in range(250)]
    bad = [wire.echo(kind, labels=(9,) * (kind % 25), next=kind % 25)
           for kind in range(2, 252 - 16)]
    bad += [wire.route(wire.ECHO, (), wire.echo(kind)[12:12 + length])
            for length in range(16) for kind in range(2)][:16]
    storm = Storm(x, 10, good + bad, FLOOD // 10)
    verdict('replies that nobody asked for',
            they_came_in=storm.rx >= FLOOD / 20,
            none_is_answered=storm.tx == 0,
            those_that_are_none_are_dropped=abs(storm.rise['echo'] - storm.rx / 2) <= 250,
            packets_are_passed_on=storm.passes_on())


def test_reflected():
    """What R sent comes back to it, as it was, and as the neighbour's own."""
    swctl('link', 'set', 'label', '20', 'probe-busy', '50000', 'probe-idle', '50000')
    frames = []
    end = time.monotonic() + 20 * SCALE
    y.sock.settimeout(1)
    while len(frames) < 5 and time.monotonic() < end:
        frames.append(y.sock.recv(65536))
    swctl('link', 'set', 'label', '20', 'probe-busy', '0')
    time.sleep(0.2 * SCALE)
    y.receive_all()
    before, links = stats(), link(20)
    for conn in x, y:
        for frame in frames:
            conn.raw(frame)
    time.sleep(0.5 * SCALE)
    after, now = stats(), link(20)
    verdict('frames of its own', are_nobodys=after['no-index'] - before['no-index'] == 10,
            nothing_is_sent=now['tx-packets'] == links['tx-packets'] and
            now['rx-packets'] == links['rx-packets'])
    seen = []
    for frame in frames:
        packet = wire.open_frame(y.from_r, frame)[1]
        for _ in range(4):    # R's request as ours, its answer as ours
            y.send(packet)
            time.sleep(0.1 * SCALE)
            got = y.receive_all()
            seen.append([p.payload[0] for p in got])
            if got:
                packet = wire.route(wire.ECHO, (), got[0].payload)
    verdict('requests of its own, as ours: %s' % seen,
            are_answered_once=seen == [[wire.REPLY], [], [], []] * 5)


def test_sizes():
    """What is answered is no larger than what was asked."""
    faults = []
    for count in (0, 1, 2, 23, 24):
        for pad in (0, 1, 2, 17, 500, 1300):
            labels = [pick.randint(1, 65535) for _ in range(count)]
            frame = wire.frame(x.to_r, wire.echo(wire.REQUEST, labels=labels, next=count,
                                                 pad=bytes(pad)))
            x.raw(frame)
            x.sock.settimeout(3 * SCALE)
            got = x.sock.recv(65536)
            if len(got) != len(frame) - pad:
                faults.append('%d bytes for %d' % (len(got), len(frame)))
    report('answers are no larger than requests', faults)


# --- ERROR ---

class Honest(Far):
    """Counts what arrives, and says so."""

    def __init__(self):
        super().__init__((x, y), to_r, from_r)
        self.epoch, self.conn = pick.getrandbits(31) + 1, None
        self.tally = {conn: [0, 0, 0] for conn in self.ends}

    def one(self, conn, got):
        self.conn = conn
        if got.kind == wire.DATA:
            inner = wire.open_session(from_r, got.payload)[1]
            if inner[0] >> 4 == 6:
                tally = self.tally[conn]
                for n, more in enumerate((1, len(inner), got.postage)):
                    tally[n] += more
        super().one(conn, got)

    @staticmethod
    def send(conn, packet):
        """By Y. The counters of a storm from X would be out of its window."""
        y.send(packet)

    def report(self):
        return self.epoch, self.tally[self.conn]

    def arrived(self):
        return [self.tally[conn][0] for conn in self.ends]


class User(threading.Thread):
    """R sends to E, as long as a block runs: self.sent packets."""

    def __init__(self, pause=0.02):
        super().__init__()
        self.pause, self.over, self.sent = pause, False, 0

    def run(self):
        while not self.over:
            inbox.sendto(b'use', (E, 9000))
            self.sent += 1
            time.sleep(self.pause)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.join()


def paths(*numbers):
    """Paths to E, as if new: 1 by X, and 2 by Y where that fails."""
    for old in json.loads(swctl('-j', 'path', 'show', 'peer', E_KEY)):
        swctl('path', 'del', 'peer', E_KEY, 'id', str(old['id']))
    for number in numbers:
        where = ('10', 'labels', '7') if number == 1 else ('20', 'labels', '8,9')
        swctl('path', 'add', 'peer', E_KEY, 'id', str(number), 'link', *where,
              'preference', str(number))


def path(number):
    return json.loads(swctl('-j', 'path', 'show', 'peer', E_KEY, 'id', str(number)))[0]


def probed(interval):
    swctl('peer', 'set', E_KEY, 'probe-interval', str(interval))


def counter_now():
    """R's next one in the session with E."""
    x.receive_all()
    y.receive_all()
    inbox.sendto(b'now', (E, 9000))
    end = time.monotonic() + 3 * SCALE
    while time.monotonic() < end:
        for got in x.receive_all() + y.receive_all():
            if got.kind == wire.DATA:
                return wire.open_session(from_r, got.payload)[0] + 1
        time.sleep(0.01)
    raise AssertionError('nothing for E')


def error(code, counter, index=602, about=7, **field):
    return wire.error(code, about, index, counter, **field)


class Watch:
    """Runs E while a flood is on, and notes what R thinks of path 1."""

    def __init__(self, far):
        self.far, self.states, self.mtus = far, set(), set()

    def look(self):
        got = path(1)
        self.states.add(got['state'])
        self.mtus.add(got['effective_mtu'])

    def __call__(self, is_over):
        def until():
            self.look()
            return is_over()
        self.far.serve(600, until)
        # What is on its way arrives.
        self.far.serve(0.5)


def well(far, seconds=20):
    """Path 1 is usable, and taken, within so long."""
    def until():
        return path(1)['state'] == 'usable'
    with User():
        so = far.serve(seconds, until)
        before = far.arrived()
        far.serve(1)
    after = far.arrived()
    return so and after[0] > before[0] and after[1] == before[1]


def junk(counter):
    """Errors that R has no reason to heed, and ERRORs that are none."""
    heedless = []
    for n in range(100):
        heedless += [
            error(1 + n % 4, pick.getrandbits(64), mtu=n),
            error(1 + n % 4, pick.getrandbits(64), index=pick.getrandbits(32)),
            error(1 + n % 4, counter + (1 << 20) + n),
            error(1 + n % 4, counter + n, about=8 + n),
            error(1 + n % 4, counter + n, labels=(7,) * (1 + n % 24)),
            error(1 + n % 4, counter + n, index=601),
            error(2, pick.getrandbits(64), mtu=pick.getrandbits(32), labels=(7,) * (n % 25)),
            # About an ERROR: what is quoted begins with its code and label.
            wire.route(wire.ERROR, (), error(1, counter)[12:][:8] + error(1, counter)[12:]),
            wire.route(wire.ERROR, (), error(1, pick.getrandbits(64))[12:] + bytes(n * 13)),
        ]
    broken = [error(code, counter) for code in (0, *range(5, 256))]
    broken += [error(1, counter)[:12 + length] for length in range(20)]
    # These cannot be passed on; nobody is told.
    stray = [wire.error(1, 7, 602, counter + n, labels=(60000 + n,) * (1 + n % 24), next=0)
             for n in range(50)]
    return heedless + broken + stray


def test_forged():
    paths(1, 2)
    # A Python that has to wait for a CPU must not look like a dead path.
    probed(1000000)
    far = Honest()
    report('the path is in use', [] if well(far) else [str(path(1))])
    watch = Watch(far)
    far.serve(0.1)
    counter = counter_now()
    packets = junk(counter)
    before = far.arrived()
    with User() as user:
        storm = Storm(x, 10, packets, FLOOD, wait=watch)
    far.serve(0.5)
    rise = storm.rise
    verdict('forged errors without end',
            they_came_in=storm.rx >= FLOOD / 2,
            none_is_heeded=rise['error-in'] == 0,
            they_are_refused=rise['error-forged'] > FLOOD / 4 and rise['error'] > FLOOD / 10,
            strays_are_refused=rise['no-label'] > FLOOD / 100,
            no_error_about_an_error=rise['error-out'] == rise['error-limited'] == 0,
            packets_are_passed_on=storm.passes_on())
    after = far.arrived()
    verdict('and the path: %s, %d sent, %s arrived' % (watch.states, user.sent, after),
            stays_usable=watch.states == {'usable'},
            keeps_its_mtu=len(watch.mtus) == 1,
            is_taken=after[0] - before[0] >= user.sent - 1 and after[1] == before[1])


def sent_lately(counter, code, **field):
    """About what R is going to send while they come."""
    return [error(code, counter + n, **field) for n in range(600)]


def test_heeded():
    """Errors that a relay of the path makes up are a hint, and nothing more."""
    paths(1)
    far = Honest()
    far.serve(1)
    watch = Watch(far)
    counter = counter_now()
    with User() as user:
        storm = Storm(x, 10, [p for code in (1, 3, 4) for p in sent_lately(counter, code)],
                      FLOOD // 10, wait=watch)
    far.serve(1)
    verdict('true errors about the only path: %d heeded, %d sent, %s arrived' %
            (storm.rise['error-in'], user.sent, far.arrived()),
            some_are_heeded=storm.rise['error-in'] > 0,
            it_is_suspect='suspect' in watch.states,
            it_is_taken=far.arrived()[0] >= user.sent - 1)
    paths(1, 2)
    far = Honest()
    report('another path beside it', [] if well(far) else [str(path(1))])
    watch = Watch(far)
    counter = counter_now()
    before = far.arrived()
    with User() as user:
        storm = Storm(x, 10, [p for code in (1, 3, 4) for p in sent_lately(counter, code)],
                      FLOOD // 10, wait=watch)
    far.serve(1)
    after = far.arrived()
    verdict('true errors about the better path: %s arrived' % after,
            it_is_suspect='suspect' in watch.states,
            nothing_is_lost=sum(after) - sum(before) >= user.sent - 1,
            the_other_is_taken=after[1] > before[1])
    report('which is taken again when it is over', [] if well(far, 40) else [str(path(1))])


def test_too_big():
    """No relay lowers the MTU of a path that takes more."""
    paths(1)
    far = Honest()
    report('a path is in use', [] if well(far) else [str(path(1))])
    watch = Watch(far)
    watch.look()
    counter = counter_now()
    far.asked = []
    packets = [p for mtu in (0, 1, 1279, 1292, 1300, 1400, 1 << 31, (1 << 32) - 1)
               for p in sent_lately(counter, wire.TOO_BIG, mtu=mtu)]
    pick.shuffle(packets)
    with User():
        storm = Storm(x, 10, packets, FLOOD // 10, wait=watch)
        far.serve(2, lambda: watch.look())
    full = [size for _, _, size in far.asked if size > 48]
    verdict('too-big without end: %d heeded, %d questions' %
            (storm.rise['error-in'], len(full)),
            some_are_heeded=storm.rise['error-in'] > 0,
            R_asks_whether_it_is_so=len(full) > 0,
            but_not_without_end=len(full) <= storm.seconds * 12 + 30,
            the_mtu_stays=len(watch.mtus) == 1 and set(full) == watch.mtus)


def test_provoked():
    """DATA that cannot go on is answered by few ERRORs, all else by none."""
    probed(0)
    strays = [wire.route(wire.DATA, (60000 + n,), bytes(28 + n)) for n in range(100)]
    storm = Storm(x, 10, strays, FLOOD // 10)
    rise = storm.rise
    verdict('what cannot go on, without end: %d errors' % rise['error-out'],
            some_are_told=rise['error-out'] >= STRANGER[0],
            not_too_many=rise['error-out'] <= storm.most(STRANGER),
            all_are_counted=rise['error-out'] + rise['error-limited'] == rise['no-label'] ==
            storm.rx,
            packets_are_passed_on=storm.passes_on())
    x.receive_all()


# --- sessions' echo ---

def test_proofs():
    """A session that asks without end is answered in part."""
    packets = []
    for n in range(500):
        labels = [pick.randint(1, 65535) for _ in range(1 + n % 24)]
        packets.append(wire.route(wire.DATA, labels, wire.proof(wire.REQUEST, n, pad=bytes(n % 60)),
                                  next=len(labels)))
    storm = Storm(x, 10, packets, FLOOD, to_r)
    rise = storm.rise
    verdict('a session that asks without end: %d answers' % rise['proof-out'],
            they_came_in=storm.rx >= FLOOD / 2,
            some_are_answered=rise['proof-out'] >= SESSION[0],
            not_too_many=rise['proof-out'] <= storm.most(SESSION),
            each_once=rise['proof-in'] == rise['proof-out'] == storm.tx,
            the_others_are_refused=rise['proof-in'] + rise['proof-rate'] == storm.rx,
            packets_are_passed_on=storm.passes_on())
    x.receive_all()


class Lying(Honest):
    """Says that of what it has received."""

    def __init__(self, lie):
        super().__init__()
        self.lie, self.answers = lie, 0

    def report(self):
        self.answers += 1
        return self.lie(self.answers, self.epoch, self.tally[self.conn])


TOP = (1 << 64) - 1
LIES = {
    'nothing at all': lambda n, epoch, tally: (epoch, (0, 0, 0)),
    'more than there is': lambda n, epoch, tally: (epoch, (TOP - n % 2, TOP, TOP)),
    'less each time': lambda n, epoch, tally: (epoch, (TOP - (n << 40),) * 3),
    'up and down': lambda n, epoch, tally: (epoch, (n % 2 << 63, n % 3 << 62, n % 5 << 61)),
    'another epoch each time': lambda n, epoch, tally: (epoch + n, (0, 0, 0)),
    'an epoch of 0': lambda n, epoch, tally: (0, tally),
}


def test_lies():
    """What the far end says can make R doubt its path, and nothing more."""
    probed(500000)
    for name, lie in LIES.items():
        paths(1, 2)
        far = Lying(lie)
        states = set()
        with User(0.005) as user:
            far.serve(15, lambda: states.add(path(1)['state']) or
                      ('suspect' in states or user.sent > 400) and far.answers > 2)
        far.serve(0.5)
        verdict('%s: %s, %d of %d packets arrived' %
                (name, sorted(states), sum(far.arrived()), user.sent),
                answered=far.answers > 0,
                known=states <= {'usable', 'suspect', 'unproven'},
                nothing_is_lost=sum(far.arrived()) >= user.sent - 1,
                found_out='suspect' in states or name != 'nothing at all')
    paths(1, 2)
    report('and the truth is believed', [] if well(Honest()) else [str(path(1))])
    probed(0)
    time.sleep(0.5 * SCALE)


main(globals())
