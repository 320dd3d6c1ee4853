# SPDX-License-Identifier: GPL-2.0
"""The netlink family as a daemon speaks it, by the names of the kernel header."""
import os
import re
import select
import socket
import struct

import packets

SOL_NETLINK, NETLINK_GENERIC, GENL_ID_CTRL = 270, 16, 16
NLMSG_ERROR, NLM_F_REQUEST, NLM_F_ACK = 2, 1, 4
NLM_F_CAPPED, NLM_F_ACK_TLVS = 0x100, 0x200


def read_header():
    """All enumerators of linux/skywire.h, without SKYWIRE_."""
    here = os.path.dirname(os.path.abspath(__file__))
    paths = [here + '/skywire.h', here + '/../include/uapi/linux/skywire.h']
    with open(next(p for p in paths if os.path.exists(p)), encoding='ascii') as header:
        text = re.sub(r'/\*.*?\*/', '', header.read(), flags=re.S)
    values = {}
    for body in re.findall(r'enum\s*\w*\s*\{(.*?)\}', text, flags=re.S):
        value = -1
        for name, given in re.findall(r'(\w+)\s*(?:=\s*([^,]+))?(?:,|\s*$)', body):
            if given and not given.strip().isdigit():
                continue
            value = int(given) if given else value + 1
            values[name.removeprefix('SKYWIRE_')] = value
    return values


K = read_header()


def attr(kind, data):
    if isinstance(data, str):
        data = data.encode() + b'\0'
    return struct.pack('HH', 4 + len(data), kind) + data + bytes(-len(data) % 4)


def attrs(data):
    """Attributes by type."""
    got = {}
    while len(data) >= 4:
        size, kind = struct.unpack_from('HH', data)
        got[kind & 0x3fff] = data[4:size]
        data = data[(size + 3) & ~3:]
    return got


class Refusal(Exception):
    def __init__(self, errno, text):
        super().__init__(errno, text)
        self.errno, self.text = errno, text


class Event:
    """A message that nobody has asked for: its class, and attributes by name."""

    def __init__(self, cmd, data, sets):
        self.cmd = cmd
        got = attrs(data)
        self.name, prefix = next(item for item in sets.items()
                                 if K['CMD_' + item[0] + '_UPCALL'] == cmd)
        for name, value in K.items():
            if name.startswith('A_' + prefix + '_'):
                short = name[len('A_' + prefix + '_'):].lower()
                setattr(self, short, got.get(value))


class Genl:
    """A socket in a namespace, for one device there."""

    SETS = {'HANDSHAKE': 'LINK', 'CONTROL': 'CONTROL', 'MISS': 'MISS'}

    def __init__(self, netns, ifname='sw0', room=1 << 23):
        self.sock = packets.socket_in(netns, socket.AF_NETLINK, socket.SOCK_RAW,
                                      NETLINK_GENERIC)
        self.sock.bind((0, 0))
        self.sock.setsockopt(SOL_NETLINK, 11, 1)    # NETLINK_EXT_ACK
        self.sock.setsockopt(socket.SOL_SOCKET, 33, room)    # SO_RCVBUFFORCE
        self.ifname, self.seq, self.events, self.missed = ifname, 0, [], 0
        reply = self.ask(GENL_ID_CTRL, 3, attr(2, 'skywire'))
        self.family = struct.unpack('H', attrs(reply[4:])[1])[0]

    def close(self):
        self.sock.close()

    def read(self, timeout):
        """One datagram, as (type, flags, seq, payload) each; [] if none comes."""
        if not select.select([self.sock], [], [], timeout)[0]:
            return []
        try:
            data = self.sock.recv(1 << 17)
        except OSError as error:
            if error.errno != 105:    # ENOBUFS: something was lost
                raise
            self.missed += 1
            return self.read(timeout)
        got = []
        while len(data) >= 16:
            size, kind, flags, seq, _ = struct.unpack_from('IHHII', data)
            got.append((kind, flags, seq, data[16:size]))
            data = data[(size + 3) & ~3:]
        return got

    def take(self, messages):
        """Keep what is an event; the others."""
        rest = []
        for kind, flags, seq, body in messages:
            if kind == getattr(self, 'family', None) and not seq:
                self.events.append(Event(body[0], body[4:], self.SETS))
            else:
                rest.append((kind, flags, seq, body))
        return rest

    def ask(self, family, cmd, body):
        self.seq += 1
        data = struct.pack('BBH', cmd, 1, 0) + body
        self.sock.send(struct.pack('IHHII', 16 + len(data), family,
                                   NLM_F_REQUEST | NLM_F_ACK, self.seq, 0) + data)
        reply = b''
        while True:
            messages = self.read(60)
            assert messages, 'no answer'
            for kind, flags, seq, body in self.take(messages):
                if seq != self.seq:
                    continue
                if kind != NLMSG_ERROR:
                    reply = body
                    continue
                errno = -struct.unpack_from('i', body)[0]
                if not errno:
                    return reply
                skip = 20
                if not flags & NLM_F_CAPPED:
                    skip = 4 + ((struct.unpack_from('I', body, 4)[0] + 3) & ~3)
                said = attrs(body[skip:]) if flags & NLM_F_ACK_TLVS else {}
                raise Refusal(errno, said.get(1, b'').rstrip(b'\0').decode())

    def do(self, cmd, prefix, **values):
        """A request: attributes of the set PREFIX by their names."""
        values.setdefault('ifname', self.ifname)
        body = b''.join(attr(K['A_%s_%s' % (prefix, name.upper())], value)
                        for name, value in values.items() if value is not None)
        return self.ask(self.family, K['CMD_' + cmd], body)

    def bind(self, kind, cmd='BIND'):
        self.do('UPCALL_' + cmd, 'UPCALL', **{'class': bytes((K['UPCALL_' + kind],))})

    def unbind(self, kind):
        self.bind(kind, 'UNBIND')

    def handshake(self, frame, remote, port=None, **more):
        if port is not None:
            more['remote_port'] = struct.pack('>H', port)
        self.do('HANDSHAKE_SEND', 'LINK', remote=remote, frame=frame, **more)

    def control(self, link, payload, labels=(), postage=0):
        self.do('CONTROL_SEND', 'CONTROL', link=struct.pack('H', link), payload=payload,
                labels=struct.pack('>%dH' % len(labels), *labels) if labels else None,
                postage=struct.pack('I', postage) if postage else None)

    def answer(self, address, verdict):
        family = socket.AF_INET6 if ':' in address else socket.AF_INET
        self.do('MISS_ANSWER', 'MISS', address=socket.inet_pton(family, address),
                verdict=bytes((K['VERDICT_' + verdict],)))

    def event(self, timeout=3.0):
        """The next event, or None."""
        while not self.events:
            messages = self.read(timeout)
            if not messages:
                return None
            self.take(messages)
        return self.events.pop(0)

    def all_events(self, quiet=0.3):
        """All events until none has come for as long as that."""
        got = []
        while (event := self.event(quiet)) is not None:
            got.append(event)
        return got
