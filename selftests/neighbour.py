# SPDX-License-Identifier: GPL-2.0
"""Plays the neighbours of a node, whose namespace is NETNS, towards its
underlay address R_UNDERLAY; and says what the node's counters must do."""
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time

import packets
import wire

NETNS = os.environ['NETNS']
SCALE = int(os.environ.get('SCALE', '1'))
# How a packet got on is not what a test is about.
SLOW = ('seal-copies', 'open-copies', 'async-crypts', 'request-allocs', 'fragmented')
failures = 0
inbox = None


def report(name, faults):
    global failures
    failures += bool(faults)
    print('not ok' if faults else 'ok', name)
    for fault in faults:
        print('#', fault)


def swctl(*args, netns=NETNS):
    return subprocess.run([os.environ['SWCTL'], '-n', netns, *args],
                          stdout=subprocess.PIPE, text=True, check=True).stdout


def stats(netns=NETNS):
    words = [line.split() for line in swctl('-a', 'stats', netns=netns).splitlines()]
    return {w[0]: int(w[1]) for w in words if len(w) == 2 and w[1].isdigit()}


class End:
    """Our end of the link that is the node's label.

    What the node takes has the label and 1 as index, what it sends the label
    and 2."""

    def __init__(self, port, label):
        self.to_r = wire.Key(label * 10 + 1)
        self.from_r = wire.Key(label * 10 + 2)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, 33, 1 << 22)    # SO_RCVBUFFORCE
        self.sock.bind(('', port))
        self.sock.connect((os.environ['R_UNDERLAY'], 5000))

    def raw(self, data, tos=0):
        self.sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)
        self.sock.send(data)

    def send(self, packet, tos=0, counter=None):
        self.raw(wire.frame(self.to_r, packet, counter), tos)

    def receive(self, timeout=3.0):
        """The next packet; self.tos is that of the outer header."""
        self.sock.settimeout(timeout * SCALE)
        data, cmsgs, _, _ = self.sock.recvmsg(65536, 64)
        self.tos = cmsgs[0][2][0] if cmsgs else 0
        return wire.Packet(wire.open_frame(self.from_r, data)[1])

    def receive_all(self):
        """The packets that are here."""
        got = []
        try:
            while True:
                got.append(self.receive(0))
        except BlockingIOError:
            return got


class Far:
    """The far end of a session of the node's, behind our ends of links. It answers
    the session's own echo, small ones and full ones, if it may, and says what it
    likes of what has arrived."""

    def __init__(self, ends, to_r, from_r, small=True, full=True):
        self.ends, self.to_r, self.from_r = ends, to_r, from_r
        self.small, self.full, self.asked, self.count = small, full, [], 0

    def report(self):
        """Epoch; packets, bytes and postage."""
        return 1, (self.count, self.count * 100, 0)

    def one(self, conn, got):
        if got.kind != wire.DATA:
            return
        inner = wire.open_session(self.from_r, got.payload)[1]
        if inner[0] >> 4:
            return
        kind, number, when = struct.unpack_from('>B3xIQ', inner)
        assert kind == wire.REQUEST and len(inner) >= 48, inner.hex()
        self.asked.append((conn, number, len(inner)))
        if not (self.small if len(inner) == 48 else self.full):
            return
        self.count += 1
        answer = wire.proof(wire.REPLY, number, when, *self.report())
        labels = got.labels[::-1]
        self.send(conn, wire.route(wire.DATA, labels, wire.session(self.to_r, answer),
                                   next=len(labels)))

    @staticmethod
    def send(conn, packet):
        """By the way that it was asked."""
        conn.send(packet)

    def answer_all(self):
        while not self.over:
            ready, _, _ = select.select([conn.sock for conn in self.ends], [], [], 0.05)
            for conn in self.ends:
                if conn.sock in ready:
                    for got in conn.receive_all():
                        self.one(conn, got)

    def serve(self, seconds, until=None):
        """Until then, or until it is so; the latter's truth. What is asked is
        answered at once, however long it takes to look."""
        self.over = False
        thread = threading.Thread(target=self.answer_all)
        thread.start()
        end = time.monotonic() + seconds * SCALE
        so = False
        while not so and time.monotonic() < end:
            time.sleep(0.05)
            so = bool(until and until())
        self.over = True
        thread.join()
        return so or until is None


def open_inbox(address, port=9000):
    """A UDP socket of the node's."""
    global inbox
    inbox = packets.socket_in(NETNS, socket.AF_INET6, socket.SOCK_DGRAM)
    inbox.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
    inbox.bind((address, port))
    return inbox


def delivered():
    """Payloads that the node's socket got, and their traffic classes."""
    inbox.settimeout(0)
    got = []
    try:
        while True:
            data, cmsgs, _, _ = inbox.recvmsg(65536, 64)
            tclass = struct.unpack('i', cmsgs[0][2])[0] if cmsgs else 0
            got.append((data, tclass))
    except BlockingIOError:
        return got


def settle(before, frames):
    """The node's counters, once it has taken as many frames as it should."""
    end = time.monotonic() + 5 * SCALE
    while True:
        now = stats()
        if now['rx-frames'] - before['rx-frames'] >= frames or time.monotonic() > end:
            return now


class Expect:
    """with Expect(name, frames, got, counter=rise): what a block does.

    It sends the node so many frames, of which the inbox gets these payloads;
    the counters named rise by so much, and no others do."""

    before = None

    def __init__(self, name, frames, got=(), **rise):
        self.name, self.frames, self.got = name, frames, list(got)
        self.rise = {k.replace('_', '-'): v for k, v in rise.items()}
        self.rise['rx-frames'] = frames
        if got:
            self.rise['delivered'] = len(got)

    def __enter__(self):
        if Expect.before is None:
            Expect.before = stats()
        return self

    def faults(self, after):
        for name, value in after.items():
            rise, want = value - Expect.before[name], self.rise.get(name, 0)
            if rise != want and name not in SLOW:
                yield '%s rose by %d, not %d' % (name, rise, want)
        got = [data for data, _ in delivered()] if inbox else []
        if got != self.got:
            yield 'delivered %s, not %s' % (got, self.got)

    def __exit__(self, kind, value, trace):
        after = settle(Expect.before, self.frames)
        faults = list(self.faults(after))
        if kind:
            faults.insert(0, '%s: %s' % (kind.__name__, value))
        Expect.before = after
        report(self.name, faults)
        return True


def main(names):
    """Runs all that is named test_..."""
    for name, test in list(names.items()):
        if name.startswith('test_'):
            Expect.before = None
            test()
    sys.exit(failures > 0)
