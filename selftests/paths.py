#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""First relays of R on the ways to E and F: what paths.sh runs."""
import math
import os
import socket
import time

import packets
import wire
from neighbour import Expect, End, NETNS, SCALE, main, open_inbox, report, swctl

R, E, F = (os.environ[name + '_ADDR'] for name in 'REF')
E_KEY, F_KEY = (os.environ[name + '_KEY'] for name in 'EF')
ends = {label: End(5000 + n, label) for n, label in enumerate((10, 20, 30))}
from_r = {402: wire.Key(402), 502: wire.Key(502)}
sender = open_inbox(R)
sender4 = packets.socket_in(NETNS, socket.AF_INET, socket.SOCK_DGRAM)
FLOWS = 400


def set_path(number, *args):
    swctl('path', 'set', 'peer', E_KEY, 'id', str(number), *args)


def set_link(label, state):
    swctl('link', 'set', 'label', str(label), 'state', state)


def drain():
    """What has arrived: (label of the link, labels of the packet, session
    index, flow field, inner packet)."""
    got = []
    for label, end in ends.items():
        for packet in end.receive_all():
            index = int.from_bytes(packet.payload[:4], 'big')
            inner = wire.open_session(from_r[index], packet.payload)[1]
            got.append((label, packet.labels, index, packet.flow, inner))
    return got


def dport(inner):
    at = 22 if inner[0] >> 4 == 4 else 42
    return int.from_bytes(inner[at:at + 2], 'big')


def where(flows=FLOWS, sock=None, to=None):
    """{flow: link} of so many flows, sent once each."""
    for flow in range(flows):
        (sock or sender).sendto(b'flow', (to or E, 10000 + flow))
        if flow % 50 == 49:
            collect()
    # The last ones may be on their way still.
    end = time.monotonic() + 3 * SCALE
    while len(collected) < flows and time.monotonic() < end:
        collect()
        time.sleep(0.01)
    got = dict(collected)
    collected.clear()
    return got


collected = {}
fields = {}


def collect():
    for label, _, _, field, inner in drain():
        collected[dport(inner)] = label
        fields.setdefault(dport(inner), set()).add(field)


def share(name, got, label, weight, total):
    """Is the share of a link that of its weight, within 5 sigma?"""
    n, p = len(got), weight / total
    count = sum(link == label for link in got.values())
    bound = 5 * math.sqrt(n * p * (1 - p))
    faults = []
    if n != FLOWS:
        faults.append('%d flows arrived, not %d' % (n, FLOWS))
    if abs(count - n * p) > bound:
        faults.append('%d of %d flows, not %.0f +- %.0f' % (count, n, n * p, bound))
    report(name, faults)


def same(name, got, want):
    moved = [flow for flow in want if got.get(flow) != want[flow]]
    report(name, ['%d of %d flows moved: %s' % (len(moved), len(want), moved[:9])]
           if moved or len(got) < len(want) else [])


def test_flows():
    first = where()
    share('weights 1 and 3', first, 20, 3, 4)
    same('a flow keeps its path', where(), first)
    report('one flow field for a flow, and hardly one for two',
           ['flow %d: %s' % (f, v) for f, v in fields.items() if len(v) != 1] +
           ([] if len({min(v) for v in fields.values()}) > FLOWS - 3 else ['collisions']))

    set_link(20, 'down')
    got = where()
    report('a link down: its flows move',
           [] if set(got.values()) == {10} and len(got) == FLOWS else [str(got)[:200]])
    set_link(20, 'up')
    same('a link up again: they return', where(), first)

    swctl('path', 'add', 'peer', E_KEY, 'id', '3', 'link', '30', 'labels', '9,9',
          'weight', '4')
    three = where()
    share('a third path of weight 4', three, 30, 4, 8)
    set_link(30, 'down')
    got = where()
    stay = {flow: link for flow, link in three.items() if link != 30}
    same('flows of other paths stay', got, stay)
    moved = [link for flow, link in got.items() if three[flow] == 30]
    share_20 = sum(link == 20 for link in moved)
    bound = 5 * math.sqrt(len(moved) * 3 / 16)
    report('those of the lost path are spread by weight',
           [] if abs(share_20 - len(moved) * 3 / 4) <= bound else
           ['%d of %d' % (share_20, len(moved))])
    set_link(30, 'up')
    same('and return', where(), three)

    sender4.bind(('198.51.100.1', 9000))
    swctl('prefix', 'add', '198.18.0.1/32', 'peer', E_KEY)
    got = where(sock=sender4, to='198.18.0.1')
    share('IPv4 flows are spread alike', got, 30, 4, 8)


def test_preference():
    def only(name, label):
        got = where(50)
        report(name, [] if set(got.values()) == {label} and len(got) == 50 else [str(got)[:200]])

    for number, preference in ((1, 20), (2, 10), (3, 30)):
        set_path(number, 'preference', str(preference))
    only('the lowest preference', 20)
    set_link(20, 'down')
    only('the next one where that is down', 10)
    set_link(10, 'down')
    only('and the last one', 30)
    set_link(10, 'up')
    only('an end to that', 10)
    set_link(20, 'up')
    only('and the best again', 20)
    set_path(2, 'preference', '40')
    only('a preference changed', 10)
    swctl('path', 'del', 'peer', E_KEY, 'id', '1')
    only('a path deleted', 30)
    swctl('link', 'set', 'label', '30', 'mtu', '1292')
    only('a path whose MTU is too small', 20)
    swctl('link', 'set', 'label', '30', 'mtu', '1420')
    for label in (20, 30):
        set_link(label, 'down')
    with Expect('no path', 0, no_path=1, refused=1):
        try:
            sender.sendto(b'no', (E, 9))
        except OSError:
            pass
    for label in (20, 30):
        set_link(label, 'up')
    for _ in range(2):    # the ICMP error that is still to be read
        try:
            sender.sendto(b'', (E, 9))
        except OSError:
            pass
    drain()


def first_to_arrive():
    """The sessions of what arrives next: one packet, if one has been sent."""
    end = time.monotonic() + 3 * SCALE
    while not (got := drain()) and time.monotonic() < end:
        time.sleep(0.005)
    return [g[2] for g in got]


def goes(name, *where_to):
    """Each (address, index) of a packet and the session it must take."""
    faults = []
    for address, index in where_to:
        sock = sender if ':' in address else sender4
        sock.sendto(b'prefix', (address, 9))
        got = first_to_arrive()
        if got != [index]:
            faults.append('%s: sessions %s, not %d' % (address, got, index))
    report(name, faults)


def accepts(name, refused, accepted):
    """What R takes from the session of E."""
    def send(source):
        packet = packets.udp6(source, R, b'from', dport=9000) if ':' in source else \
            packets.udp4(source, '198.51.100.1', b'from')
        ends[10].send(wire.route(wire.DATA, (7,), wire.session(to_r, packet), next=1))

    Expect.before = None
    six = [b'from' for source in accepted if ':' in source]
    with Expect(name, len(refused) + len(accepted), six, inner_source=len(refused)) as e:
        e.rise['delivered'] = len(accepted)
        for source in (*refused, *accepted):
            send(source)


to_r = wire.Key(401)


def test_prefixes():
    for prefix, key in (('198.18.0.0/15', E_KEY), ('198.18.8.0/21', F_KEY),
                        ('198.18.9.0/24', E_KEY), ('2001:db8::/32', F_KEY),
                        ('2001:db8:1::/48', E_KEY), ('2001:db8:1::1/128', F_KEY)):
        swctl('prefix', 'add', prefix, 'peer', key)
    goes('longest match, IPv4', ('198.18.0.9', 402), ('198.19.255.255', 402),
         ('198.18.8.0', 502), ('198.18.15.255', 502), ('198.18.16.0', 402),
         ('198.18.9.77', 402))
    goes('longest match, IPv6', ('2001:db8::1', 502), ('2001:db8:1::2', 402),
         ('2001:db8:1::1', 502), ('2001:db8:2::1', 502))
    accepts('sources are filtered by longest match',
            ('198.18.8.1', '2001:db8::1', '2001:db8:1::1', F, '198.20.0.1'),
            ('198.18.0.9', '198.18.9.1', '2001:db8:1::2', E))
    swctl('prefix', 'add', '198.18.9.0/24', 'peer', F_KEY)
    swctl('prefix', 'add', '2001:db8::/32', 'peer', E_KEY)
    goes('prefixes moved', ('198.18.9.77', 502), ('2001:db8::1', 402),
         ('2001:db8:1::1', 502))
    accepts('the source filter moved with them', ('198.18.9.1',), ('2001:db8::1',))
    swctl('prefix', 'del', '198.18.9.0/24')
    swctl('prefix', 'del', '2001:db8:1::/48')
    goes('prefixes deleted', ('198.18.9.77', 502), ('198.18.0.9', 402),
         ('2001:db8:1::2', 402))
    swctl('prefix', 'del', '2001:db8::/32')
    Expect.before = None
    with Expect('no prefix', 0, no_peer=1, refused=1):
        try:
            sender.sendto(b'no', ('2001:db8::5', 9))
        except OSError:
            pass


main(globals())
