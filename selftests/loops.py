#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Neighbours X and Y of R1, who send packets in circles: what loops.sh runs.

What each packet must do is found by going its way here, label by label, as the
description of the protocol has it. All counters of all relays, and the traffic of
all their links, must then be what that makes them."""
import collections
import json
import os
import random
import time

import wire
from neighbour import SCALE, SLOW, End, main, report, stats, swctl

RELAYS = 'R1', 'R2', 'R3'
ENDS = {10: 'X', 20: 'Y', 30: 'X'}
ends = {label: End(5000 + n, label) for n, label in enumerate(ENDS)}
SEED = 1

# {relay: {label: (neighbour, its label)}}; ends have none
mesh = {relay: {} for relay in RELAYS}
mesh['R1'] = {label: (who, None) for label, who in ENDS.items()}
for entry in os.environ['MESH'].split():
    a, label, b, other = entry.split(',')
    mesh[a][int(label)] = (b, int(other))
fees = collections.Counter()


class Model:
    """What becomes of packets that are sent."""

    def __init__(self):
        self.counts = {relay: collections.Counter() for relay in RELAYS}
        self.links = collections.Counter()
        self.arrivals = []

    def send(self, relay, label, packet):
        """Out of a relay's link."""
        self.counts[relay]['tx-frames'] += 1
        self.links[relay, label, 'tx-packets'] += 1
        neighbour, other = mesh[relay][label]
        if other is None:
            self.arrivals.append((label, packet))
        else:
            self.receive(neighbour, other, packet)

    def refuse(self, relay, ingress, packet, reason, code):
        self.counts[relay][reason] += 1
        if code and packet.kind == wire.DATA and len(packet.payload) >= 28:
            self.counts[relay]['error-out'] += 1
            self.send(relay, ingress, self.way_back(packet, wire.ERROR))

    @staticmethod
    def way_back(packet, kind):
        """A reply, or an ERROR; of its payload, no more than that."""
        return wire.Packet(wire.route(kind, packet.labels[:packet.next][::-1],
                                      b'\1' + bytes(19), postage=packet.postage))

    def receive(self, relay, ingress, packet):
        """In by a relay's link."""
        count = self.counts[relay]
        count['rx-frames'] += 1
        self.links[relay, ingress, 'rx-packets'] += 1
        if packet.next == packet.count:
            self.local(relay, ingress, packet)
            return
        label = packet.labels[packet.next]
        if label not in mesh[relay]:
            self.refuse(relay, ingress, packet, 'no-label', wire.NO_LABEL)
        elif mesh[relay][label][0] == mesh[relay][ingress][0]:
            self.refuse(relay, ingress, packet, 'u-turn', 0)
        elif fees[relay, label] > packet.postage:
            self.refuse(relay, ingress, packet, 'postage', wire.NO_CREDIT)
        else:
            count['forwarded'] += 1
            packet.postage -= fees[relay, label]
            packet.labels[packet.next] = ingress
            packet.next += 1
            self.send(relay, label, packet)

    def local(self, relay, ingress, packet):
        count = self.counts[relay]
        if packet.kind == wire.DATA:
            count['session-short' if len(packet.payload) < 28 else 'session-no-index'] += 1
        elif packet.kind == wire.CONTROL:
            count['no-listener'] += 1
        elif packet.kind == wire.ERROR:
            count['error-forged' if 1 <= packet.payload[0] <= 4 else 'error'] += 1
        elif packet.payload[:1] == bytes((wire.REQUEST,)):
            count['echo-in'] += 1
            count['echo-out'] += 1
            self.send(relay, ingress, self.way_back(packet, wire.ECHO))
        else:
            count['echo-in'] += 1


def link_counts():
    got = {}
    for relay in RELAYS:
        for link in json.loads(swctl('-j', 'link', 'show', netns=os.environ['PREFIX'] + relay)):
            for name in 'rx-packets', 'tx-packets':
                got[relay, link['label'], name] = link[name.replace('-', '_')]
    return got


def all_counts():
    return {relay: stats(os.environ['PREFIX'] + relay) for relay in RELAYS}


class Loops:
    """with Loops(name) as l: l.go(end, packet)...: all that follows of it, and
    nothing else, must happen; l.got is what the ends got."""

    last = None

    def __init__(self, name):
        self.name, self.model, self.got = name, Model(), []

    def __enter__(self):
        if Loops.last is None:
            Loops.last = all_counts(), link_counts()
        return self

    def go(self, end, packet):
        self.model.receive('R1', end, wire.Packet(packet))
        ends[end].send(packet)

    def settle(self):
        """All counters and links, once all frames were taken."""
        deadline = time.monotonic() + 10 * SCALE
        while True:
            counts = all_counts()
            if time.monotonic() > deadline or \
                    all(counts[r]['rx-frames'] - Loops.last[0][r]['rx-frames'] >=
                        self.model.counts[r]['rx-frames'] for r in RELAYS):
                return counts, link_counts()

    def faults(self, counts, links):
        for relay in RELAYS:
            for name, value in counts[relay].items():
                rise = value - Loops.last[0][relay][name]
                if rise != self.model.counts[relay][name] and name not in SLOW:
                    yield '%s: %s rose by %d, not %d' % \
                        (relay, name, rise, self.model.counts[relay][name])
        for key, value in links.items():
            rise = value - Loops.last[1][key]
            if rise != self.model.links[key]:
                yield '%s: %s of link %d rose by %d, not %d' % \
                    (key[0], key[2], key[1], rise, self.model.links[key])
        self.got = [(label, p) for label, end in ends.items() for p in end.receive_all()]
        want = [(label, p.kind, p.next, p.labels, p.postage) for label, p in self.model.arrivals]
        got = [(label, p.kind, p.next, p.labels, p.postage) for label, p in self.got]
        if sorted(got) != sorted(want):
            yield 'the ends got %s, not %s' % (sorted(got)[:5], sorted(want)[:5])

    def __exit__(self, kind, value, trace):
        after = self.settle()
        faults = list(self.faults(*after))
        if kind:
            faults.insert(0, '%s: %s' % (kind.__name__, value))
        report(self.name, faults)
        Loops.last = after
        return True


def labels_to(relay, neighbour):
    return [label for label, (who, _) in mesh[relay].items() if who == neighbour]


def circle(count, way, choose=lambda labels: labels[0]):
    """So many labels, from R1 on, round and round."""
    order = RELAYS if way > 0 else (RELAYS[0],) + RELAYS[:0:-1]
    return [choose(labels_to(order[n % 3], order[(n + 1) % 3])) for n in range(count)]


def either(n):
    """The links of a pair by turns."""
    turn = iter(range(n, 1000))
    return lambda labels: labels[next(turn) // 3 % len(labels)]


def data(labels, kind=wire.DATA, size=100, **field):
    return wire.route(kind, labels, bytes(size), **field)


def test_circles():
    """Each label is one hop, and the last the last."""
    for first in range(1, 25, 4):
        lengths = range(first, first + 4)
        with Loops('%d to %d labels in circles' % (first, first + 3)) as loops:
            for count in lengths:
                for way in 1, -1:
                    loops.go(20, data(circle(count, way)))
                    for end in 10, 30:
                        loops.go(end, data(circle(count, way, either(end // 10))))
            want = 6 * sum(lengths)
            done = sum(c['forwarded'] for c in loops.model.counts.values())
            assert done == want, 'the model forwards %d, not %d' % (done, want)


def test_kinds():
    """Other packets go round in the same way; a request's answer goes all the way back."""
    for count in 2, 3, 24:
        with Loops('all kinds of packets, %d labels' % count) as loops:
            for end in ends:
                for first in 0, 1, 5:
                    error = wire.error(first, 7, 8, 9, labels=circle(count, 1), next=0)
                    loops.go(end, error)
                loops.go(end, data(circle(count, 1), wire.CONTROL))
                for kind in wire.REQUEST, wire.REPLY:
                    loops.go(end, wire.echo(kind, labels=circle(count, -1), pad=bytes(9)))
        report('and three answers came home, of %d labels' % count,
               [] if sorted(label for label, p in loops.got if p.kind == wire.ECHO and
                            p.next == p.count == count and p.payload[0] == wire.REPLY and
                            len(p.payload) == 16) == sorted(ends) else [str(loops.got)])


def test_returns():
    """Circles that end at their sender: what arrives is the way back."""
    with Loops('circles back to the sender, by all of his links') as loops:
        for rounds in range(1, 8):
            for end in ends:
                for last in ends:
                    labels = circle(3 * rounds, 1, either(rounds)) + [last]
                    loops.go(end, data(labels, flow=end))
    arrived = loops.got
    report('each one has come', [] if len(arrived) == 63 else ['%d' % len(arrived)])
    with Loops('and back by the labels reversed') as loops:
        for label, packet in arrived:
            loops.go(label, data(packet.labels[::-1], flow=packet.flow))
    report('each one is home', [] if len(loops.got) == 63 and
           all(label == packet.flow for label, packet in loops.got) else
           [str([(label, vars(p)) for label, p in loops.got][:3])])


def test_u_turns():
    """Back to where a packet came from, by whichever link, and at any hop."""
    with Loops('from a neighbour to himself, by each of his links') as loops:
        for first in 10, 30:
            for second in 10, 30:
                for kind in wire.DATA, wire.CONTROL, wire.ECHO, wire.ERROR:
                    loops.go(first, data([second], kind))
        loops.go(20, data([20]))
    report('nothing was passed on', [] if not loops.got else [str(loops.got)])
    with Loops('between two relays, by each pair of their links') as loops:
        for out in labels_to('R1', 'R2'):
            for back in labels_to('R2', 'R1'):
                for end in ends:
                    loops.go(end, data([out, back, 20]))
        want = 4 * len(ends)
        assert loops.model.counts['R2']['u-turn'] == want, loops.model.counts
    for way in 1, -1:
        with Loops('after each number of hops, %s' % ('one way', 'the other')[way < 0]) as loops:
            for hops in range(1, 24):
                labels = circle(hops, way, either(hops))
                here, there = RELAYS[way * hops % 3], RELAYS[way * (hops - 1) % 3]
                for back in labels_to(here, there):
                    loops.go(30, data(labels + [back] + [20] * (23 - hops)))
    with Loops('in the middle of the way back') as loops:
        labels = circle(6, 1) + [20]
        loops.go(10, data(labels))
    label, packet = loops.got[0]
    with Loops('which turns again') as loops:
        back = packet.labels[::-1]
        for at in range(len(back)):
            for turn in labels_to(RELAYS[-at % 3], 'Y' if not at else RELAYS[(1 - at) % 3]):
                loops.go(label, data(back[:at] + [turn] + back[at + 1:]))
        turns = sum(c['u-turn'] for c in loops.model.counts.values())
        assert turns == 1 + 2 * (len(back) - 1), 'the model knows of %d u-turns' % turns


def test_random():
    """Any way at all, with turns, strays and returns."""
    pick = random.Random(SEED)
    print('# seed %d' % SEED)
    every = sorted({label for links in mesh.values() for label in links})
    for batch in range(3):
        with Loops('200 packets astray, %d' % batch) as loops:
            for _ in range(200):
                count = pick.randint(1, 24)
                relay, ingress, labels = 'R1', pick.choice(list(ends)), []
                end = ingress
                while len(labels) < count:
                    # Mostly where it can go; now and then, anywhere.
                    ways = [label for label, (who, other) in mesh[relay].items()
                            if who != mesh[relay][ingress][0] and other is not None]
                    if not ways or pick.random() < 0.02:
                        labels.append(pick.choice(every))
                        break
                    labels.append(pick.choice(ways))
                    relay, ingress = mesh[relay][labels[-1]]
                labels += [pick.choice(every) for _ in range(count - len(labels))]
                kind = pick.choice((wire.CONTROL, wire.ECHO, wire.ERROR, wire.DATA))
                payload = bytes((wire.REPLY,)) + bytes(15) if kind == wire.ECHO else bytes(27)
                loops.go(end, wire.route(kind, labels, payload))


def test_postage():
    """A way that leads through the same relay again pays it again."""
    for relay, label in (('R1', 0), ('R2', 1), ('R3', 0)):
        neighbour = RELAYS[(RELAYS.index(relay) + 1) % 3]
        label = labels_to(relay, neighbour)[label]
        fees[relay, label] = 10
        swctl('link', 'set', 'label', str(label), 'price-base', '10',
              netns=os.environ['PREFIX'] + relay)
    Loops.last = None
    labels = [labels_to(RELAYS[n % 3], RELAYS[(n + 1) % 3])[n % 3 == 1] for n in range(24)]
    for postage in 0, 70, 230:
        with Loops('postage of %d to %d' % (postage, postage + 19)) as loops:
            want = 0
            for more in 0, 9, 10, 19:
                loops.go(10, data(labels, postage=postage + more))
                hops = (postage + more) // 10
                # The way back, which the ERROR takes, costs nothing.
                want += hops if hops >= len(labels) else 2 * hops
            done = sum(c['forwarded'] for c in loops.model.counts.values())
            assert done == want, 'the model forwards %d, not %d' % (done, want)


main(globals())
