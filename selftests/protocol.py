#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The examples of Documentation/protocol.rst, recomputed and tried.

An example there is a hyperlink target (".. _NAME:") with fields (":FIELD: VALUE")
and hex dumps, each after a paragraph "TITLE::". This reads them all, and

  protocol.py values RST     prints "NAME FIELD VALUE" for a shell to read
  protocol.py check RST      recomputes every dump from the fields
  protocol.py inject RST     plays the neighbours of the nodes that protocol.sh
                             has set up, and compares what the module makes
  protocol.py ethernet RST   the same for the neighbour on Ethernet
  protocol.py too-big RST    the same for relay2, which refuses a packet, and for
                             relay1 and client, whom its ERROR reaches
  protocol.py link-down RST  the same, refused for another reason
  protocol.py session RST    the same for client, which asks by the session's echo
  protocol.py live RST       the same for client, which probes its link
  protocol.py sealed RST     the same for relay1, under keys that seal headers alone

All but the first print "ok NAME" and "not ok NAME".
"""
import ctypes
import hashlib
import ipaddress
import json
import os
import re
import socket
import struct
import subprocess
import sys
import time

import genl
import handshake

DATA, CONTROL, DIRECT, ECHO, ERROR = 0, 1, 2, 3, 4
REQUEST, REPLY = 0, 1
RELAYS = ('relay1', 'relay2')
ETH_P_IPV6 = 0x86dd
CLONE_NEWNET = 0x40000000


# --- the document ----------------------------------------------------------

class Example:
    """Fields by name, and dumps by title."""

    def __init__(self):
        self.fields, self.dumps = {}, {}

    def text(self, field):
        return self.fields[field]

    def number(self, field):
        return int(self.fields[field], 0)

    def octets(self, field):
        return bytes.fromhex(self.fields[field])

    def labels(self, field):
        return [int(label, 0) for label in self.fields[field].split()]


def read_document(path):
    """All examples by name."""
    examples, example, title = {}, None, None
    target = re.compile(r'\.\. _([\w-]+):$')
    field = re.compile(r':([\w -]+): ``(.*)``$')
    dump = re.compile(r' +([0-9a-f]{4}) ((?: [0-9a-f]{2}){1,16})(?:  +\S.*)?$')
    with open(path, encoding='utf-8') as lines:
        for line in lines:
            line = line.rstrip('\n')
            if match := target.match(line):
                example, title = Example(), None
                examples[match[1]] = example
            elif example is None:
                continue
            elif match := field.match(line):
                example.fields[match[1]] = match[2]
            elif match := dump.match(line):
                data = example.dumps.get(title, b'')
                if int(match[1], 16) != len(data):
                    sys.exit(f'{path}: {line}: the offset is wrong')
                example.dumps[title] = data + bytes.fromhex(match[2])
            elif line.endswith('::') and not line.startswith('.. '):
                title = line[:-2]
    return examples


# --- the protocol ----------------------------------------------------------

def aead(cipher, key):
    from cryptography.hazmat.primitives.ciphers.aead import (
        AESGCM, ChaCha20Poly1305)
    size = 16 if cipher == 'aes-128-gcm' else 32
    if len(key) != size:
        raise ValueError(f'{cipher}: key of {len(key)} bytes')
    return (ChaCha20Poly1305 if cipher == 'chacha20-poly1305' else AESGCM)(key)


def nonce(counter):
    return bytes(4) + counter.to_bytes(8, 'big')


def seal(example, head, plain, counter):
    box = aead(example.text('cipher'), example.octets('key'))
    return head + box.encrypt(nonce(counter), plain, head)


def frame(example, packet, counter=None):
    """A link frame."""
    if counter is None:
        counter = example.number('counter')
    head = struct.pack('>BBHIQ', 4, 0, 16 + len(packet) + 16,
                       example.number('receiver index'), counter)
    return seal(example, head, packet, counter)


def sealed_frame(example, packet, size, counter=None):
    """A link frame that seals so many bytes of the packet, which are its header."""
    if counter is None:
        counter = example.number('counter')
    head = struct.pack('>BBHIQ', 5, size // 4, 16 + len(packet) + 16,
                       example.number('receiver index'), counter)
    return seal(example, head, packet[:size], counter) + packet[size:]


def open_as(example, data, size):
    """What is sealed behind a header of so many bytes, which ends in the counter."""
    head, sealed = data[:size], data[size:]
    box = aead(example.text('cipher'), example.octets('key'))
    return box.decrypt(bytes(4) + head[-8:], sealed, head)


def open_frame(example, data):
    """The packet of a link frame of type 4."""
    return open_as(example, data, 16)


def ethernet_header(example):
    return bytes.fromhex(''.join(example.text(field).replace(':', '')
                                 for field in ('destination', 'source')) + '88b5')


def session_frame(example, inner, counter=None):
    if counter is None:
        counter = example.number('counter')
    head = struct.pack('>IQ', example.number('receiver index'), counter)
    return seal(example, head, inner, counter)


def header(kind, ds, passed, postage, flow, labels):
    """A source-route header."""
    pad = bytes(2 * (len(labels) % 2))
    return struct.pack('>BBBBII', 0x10 | kind, ds, passed, len(labels), postage,
                       flow) + struct.pack(f'>{len(labels)}H', *labels) + pad


def echo(kind, flags, number, when):
    """The payload of an ECHO."""
    return struct.pack('>BBHIQ', kind, flags, 0, number, when)


def error(code, label, mtu, index, counter):
    """The payload of an ERROR."""
    return struct.pack('>BBHIIQ', code, 0, label, mtu, index, counter)


def session_echo(kind, number, when, epoch=0, tally=(0, 0, 0)):
    """What a session frame has in place of an inner packet."""
    return struct.pack('>B3xIQI4x3Q', kind, number, when, epoch, *tally)


def fee(base, rate, size):
    return base + -(-size * rate // 2 ** 20)


def address(key):
    """The overlay address of a public key."""
    digest = hashlib.blake2b(key, digest_size=32, key=b'skywire-address').digest()
    return ipaddress.IPv6Address(b'\xfc' + digest[:15])


def public_key(secret):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey)
    from cryptography.hazmat.primitives.serialization import (
        Encoding, PublicFormat)
    return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes(
        Encoding.Raw, PublicFormat.Raw)


def base32(key):
    import base64
    return base64.b32encode(key).decode().rstrip('=').lower()


def udp_packet(source, dest, ds, ports, data):
    """An IPv6 packet."""
    size = 8 + len(data)
    pseudo = source.packed + dest.packed + struct.pack('>II', size, 17)
    datagram = struct.pack('>HHHH', *ports, size, 0) + data
    words = pseudo + datagram + bytes(len(datagram) % 2)
    total = sum(struct.unpack(f'>{len(words) // 2}H', words))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    datagram = datagram[:6] + struct.pack('>H', total ^ 0xffff or 0xffff) + data
    return struct.pack('>IHBB', 6 << 28 | ds << 20, size, 17, 64) + \
        source.packed + dest.packed + datagram


# --- the examples, recomputed ----------------------------------------------

failures = 0


def report(name, good, *text):
    global failures
    failures += not good
    print('ok' if good else 'not ok', name)
    if not good:
        print(*text, sep='\n')
    sys.stdout.flush()


def same(name, got, want):
    report(name, got == want, f'got  {got.hex()}', f'want {want.hex()}')


class Scene:
    """What the document says, and what follows from its fields."""

    def __init__(self, path):
        self.doc = doc = read_document(path)
        self.nodes = {name[5:]: example for name, example in doc.items()
                      if name.startswith('node-')}
        self.addr = {name: ipaddress.IPv6Address(node.text('address'))
                     for name, node in self.nodes.items()}
        self.direct, self.session = doc['frame-direct'], doc['frame-session']
        self.ethernet = doc['frame-ethernet']
        self.origin, self.short = doc['frame-origin'], doc['header-padded']
        self.hops = [doc[f'frame-{relay}'] for relay in RELAYS]
        self.initiation, self.again = doc['frame-initiation'], doc['frame-again']
        self.cookie, self.message = doc['frame-cookie'], doc['control-message']

    def inner(self, example, source, dest):
        return udp_packet(self.addr[source], self.addr[dest],
                          example.number('class'),
                          example.labels('ports'),
                          example.text('data').encode())

    def direct_packet(self):
        e = self.direct
        return header(DIRECT, e.number('class'), 0, e.number('postage'),
                      e.number('flow'), [])

    def key(self, name):
        import base64
        text = self.nodes[name].text('public key').upper()
        return base64.b32decode(text + '=' * (-len(text) % 8))

    def fragments(self):
        """Of the message: fragment and frame of each."""
        e, data = self.message, self.message.text('message').encode()
        head = header(CONTROL, 0, 0, 0, 0, [])
        for number, at in enumerate(range(0, len(data), 64)):
            made = struct.pack('>IHH', e.number('id'), len(data), at) + data[at:at + 64]
            yield made, frame(self.direct, head + made, e.number('first counter') + number)

    def headers(self, size=None, ds=None, flow=None, times=1):
        """At the origin, after the first relay, and so on: of the DATA packet, or
        of another one with so many bytes of payload, class, flow, and its
        postage so many times."""
        e = self.origin
        size = size or len(self.session.dumps['Session frame'])
        labels = e.labels('labels')
        flow = e.number('flow') if flow is None else flow
        ds = self.session.number('class') if ds is None else ds
        postage = times * fee(e.number('postage base'), e.number('postage rate'), size)
        made = [header(DATA, ds, 0, postage, flow, labels)]
        for passed, hop in enumerate(self.hops):
            if labels[passed] != hop.number('egress label'):
                raise ValueError('the path does not lead over the links')
            postage -= fee(hop.number('price base'), hop.number('price rate'), size)
            labels[passed] = hop.number('ingress label')
            made.append(header(DATA, ds, passed + 1, postage, flow, labels))
        self.way_back = labels[::-1]
        return made


def check_handshake(scene):
    e = scene.initiation
    receiver = scene.key(e.text('receiver'))
    same('handshake: mac1 key', e.octets('mac1 key'), handshake.mac1_key(receiver))
    marked = e.number('index'), e.octets('body'), receiver
    same('handshake: initiation', e.dumps['Frame'], handshake.marked(1, *marked))
    cookie = scene.cookie.octets('cookie')
    same('handshake: cookie', scene.cookie.dumps['Frame'],
         handshake.cookie_reply(e.number('index'), e.dumps['Frame'][-16:-8], cookie))
    same('handshake: initiation, again', scene.again.dumps['Frame'],
         handshake.marked(1, *marked, cookie))


def check(scene):
    for name, node in scene.nodes.items():
        key = public_key(node.octets('secret'))
        report(f'{name}: public key', node.text('public key') == base32(key))
        report(f'{name}: address', scene.addr[name] == address(key))

    e = scene.direct
    inner = e.dumps['Inner packet']
    same('direct: inner packet', inner, scene.inner(e, 'client', 'relay1'))
    same('direct: source-routed packet', e.dumps['Source-route header'],
         scene.direct_packet())
    same('direct: frame', e.dumps['Frame'], frame(e, scene.direct_packet() + inner))

    same('ethernet: frame', scene.ethernet.dumps['Ethernet frame'],
         ethernet_header(scene.ethernet) +
         frame(scene.ethernet, scene.direct_packet() + inner))

    e = scene.session
    same('session: inner packet', e.dumps['Inner packet'],
         scene.inner(e, 'client', 'server'))
    payload = session_frame(e, e.dumps['Inner packet'])
    same('session: frame', e.dumps['Session frame'], payload)

    names = ['origin', *(f'after {relay}' for relay in RELAYS)]
    for name, e, head in zip(names, [scene.origin, *scene.hops], scene.headers()):
        same(f'{name}: source-route header', e.dumps['Source-route header'], head)
        same(f'{name}: frame', e.dumps['Frame'], frame(e, head + payload))
    last = scene.hops[-1]
    report('the way back', last.labels('way back') == scene.way_back)

    check_handshake(scene)
    e = scene.message
    same('control: source-route header', e.dumps['Source-route header'],
         header(CONTROL, 0, 0, 0, 0, []))
    for name, (fragment, made) in zip(('first', 'second'), scene.fragments()):
        same(f'control: {name} fragment', e.dumps[f'{name.title()} fragment'], fragment)
        same(f'control: {name} frame', e.dumps[f'{name.title()} frame'], made)

    e = scene.short
    same('padded header', e.dumps['Source-route header'],
         header(DATA, e.number('class'), e.number('next'), e.number('postage'),
                e.number('flow'), e.labels('labels')))


    for name, title, want in answers(scene):
        same(f'{name}: {title}', scene.doc[name].dumps[title], want)


def probes(scene):
    """A link's probe and its answer, and a probe that asks for full seal."""
    doc, head = scene.doc, header(ECHO, 0, 0, 0, 0, [])
    asked = doc['echo-probe']
    for name, kind, of in (('echo-probe', REQUEST, asked), ('echo-answer', REPLY, asked),
                           ('echo-full', REQUEST, doc['echo-full'])):
        e = doc[name]
        said = echo(kind, e.number('flags'), of.number('number'), of.number('time'))
        yield name, 'ECHO', said
        yield name, 'Source-route header', head
        yield name, 'Frame', frame(e, head + said)


def refused(scene, name):
    """The DATA packet that relay2 refuses."""
    e = scene.doc[name]
    payload = struct.pack('>IQ', scene.session.number('receiver index'),
                          e.number('session counter'))
    return scene.headers(e.number('payload'))[1] + \
        payload.ljust(e.number('payload'), b'\0')


def errors(scene, name):
    """The ERROR about it, as relay2 sends it and relay1 passes it on."""
    e = scene.doc[name]
    near, far = scene.hops
    postage, flow = struct.unpack_from('>II', refused(scene, name), 4)
    said = error(e.number('code'), far.number('egress label'), e.number('MTU'),
                 scene.session.number('receiver index'), e.number('session counter'))
    yield name, 'ERROR', said
    for i, relay in enumerate(('relay2', 'relay1')):
        label = near.number('egress label' if i else 'ingress label')
        head = header(ERROR, 0, i, postage, flow, [label])
        yield f'{name}-{relay}', 'Source-route header', head
        yield f'{name}-{relay}', 'Frame', frame(scene.doc[f'{name}-{relay}'], head + said)


def session_echoes(scene):
    """A session's request, as it sets out and arrives, and its answer."""
    doc, e = scene.doc, scene.doc['session-request']
    number, when = e.number('number'), e.number('time')
    asked = session_echo(REQUEST, number, when)
    payload = session_frame(e, asked)
    heads = scene.headers(len(payload), 0, 0, 2)
    yield 'session-request', 'Request', asked
    yield 'session-request', 'Session frame', payload
    yield 'session-request', 'Source-route header', heads[0]
    link = doc['session-request-link']
    yield 'session-request-link', 'Source-route header', heads[-1]
    yield 'session-request-link', 'Frame', frame(link, heads[-1] + payload)

    e = doc['session-answer']
    inner = len(scene.session.dumps['Inner packet'])
    left = int.from_bytes(scene.hops[-1].dumps['Source-route header'][4:8], 'big')
    said = session_echo(REPLY, number, when, e.number('epoch'), (1, inner, left))
    payload = session_frame(e, said)
    yield 'session-answer', 'Answer', said
    yield 'session-answer', 'Session frame', payload
    head = header(DATA, 0, 0, int.from_bytes(heads[-1][4:8], 'big'), 0, scene.way_back)
    link = doc['session-answer-link']
    yield 'session-answer-link', 'Source-route header', head
    yield 'session-answer-link', 'Frame', frame(link, head + payload)


def sealed_headers(scene):
    """The DATA packet on two links that seal its header alone."""
    payload = scene.session.dumps['Session frame']
    for name, head in zip(('sealed-origin', 'sealed-relay1'), scene.headers()):
        yield name, 'Frame', sealed_frame(scene.doc[name], head + payload, len(head))


def record(scene, example, name, links):
    """A node's record, of links as they are in order."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey)
    made = struct.pack('>BBHIQ', 1, 0, len(links), example.number('instance'),
                       example.number('sequence')) + scene.key(name)
    for to in links:
        label, mtu, *metrics = example.labels(f'to {to}')
        made += scene.key(to) + struct.pack('>HH5I', label, mtu, *metrics)
    secret = Ed25519PrivateKey.from_private_bytes(scene.nodes[name].octets('secret'))
    return made + secret.sign(b'skywire-record-1' + made)


def records(scene):
    """relay1's record, and how a neighbour gets it."""
    e, doc = scene.doc['record'], scene.doc
    made = record(scene, e, 'relay1', ('client', 'relay2'))
    digest = hashlib.blake2b(made, digest_size=16).digest()[:8]
    key, age = scene.key('relay1'), doc['flood-records'].number('age')
    has = key + struct.pack('>Q', e.number('sequence')) + digest
    yield 'record', 'Record', made
    yield 'flood-offer', 'OFFER', struct.pack('>BBH', 18, 0, 1) + has + \
        struct.pack('>I', doc['flood-offer'].number('age'))
    yield 'flood-want', 'WANT', struct.pack('>BBH', 19, 0, 1) + key + bytes(20)
    yield 'flood-records', 'RECORDS', struct.pack('>BBHI', 20, 0, 1, age) + made
    yield 'flood-summary', 'SUMMARY', struct.pack('>BBH', 16, 0, 0) + digest


def answers(scene):
    """(example, title of its dump, what that must be)"""
    yield from probes(scene)
    yield from session_echoes(scene)
    yield from errors(scene, 'error-big')
    yield from errors(scene, 'error-down')
    yield from sealed_headers(scene)
    yield from records(scene)


# --- the examples, tried ---------------------------------------------------

PATIENCE = 5 * int(os.environ.get('SCALE', '1'))


class Neighbour:
    """A UDP socket, and the node it is a neighbour of."""

    def __init__(self, node, port):
        local, remote = (os.environ[f'{node.upper()}_{end}']
                         for end in ('NEIGHBOURS', 'UNDERLAY'))
        family = socket.AF_INET6 if ':' in local else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((local, port))
        self.socket.settimeout(PATIENCE)
        self.node = (remote, int(os.environ['PORT']))

    def send(self, data):
        self.socket.sendto(data, self.node)

    def receive(self):
        try:
            return self.socket.recv(65535)
        except TimeoutError:
            return b''


def enter(path):
    libc = ctypes.CDLL(None, use_errno=True)
    with open(path, 'rb') as netns:
        if libc.setns(netns.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), path)


def tap(node):
    """A packet socket on the node's sw0."""
    here = '/proc/self/ns/net'
    with open(here, 'rb') as home:
        enter(os.environ['NETNS'] + node)
        tapped = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                               socket.htons(ETH_P_IPV6))
        tapped.bind(('sw0', ETH_P_IPV6))
        tapped.settimeout(PATIENCE)
        enter(f'/proc/self/fd/{home.fileno()}')
    return tapped


def delivers(name, tapped, neighbour, data, inner):
    neighbour.send(data)
    try:
        got = tapped.recv(65535)
    except TimeoutError:
        got = b''
    same(name, got, inner)


def relays(scene, step, relay):
    """The relay has sent nothing yet: other frames with the same packet in them
    raise its counter to that of the example."""
    before = [scene.origin, *scene.hops][step]
    after = scene.hops[step]
    came = Neighbour(relay, 5001)
    goes = Neighbour(relay, 5002)
    packet = before.dumps['Source-route header'] + \
        scene.session.dumps['Session frame']
    first = before.number('counter') + 1
    for i in range(after.number('counter')):
        came.send(frame(before, packet, first + i))
        if not goes.receive():
            report(f'{relay} forwards', False, f'frame {i} was lost')
            return
    came.send(before.dumps['Frame'])
    same(f'{relay} sends the next frame', goes.receive(), after.dumps['Frame'])


def goes_up(name, daemon, neighbour, frames, attribute, want):
    for data in frames:
        neighbour.send(data)
    event = daemon.event(PATIENCE)
    same(name, getattr(event, attribute) if event else b'', want)


def passes_up(scene):
    """What is the daemon's at relay1."""
    daemon = genl.Genl(os.path.basename(os.environ['NETNS']) + 'relay1')
    daemon.bind('HANDSHAKE')
    daemon.bind('CONTROL')
    neighbour, e = Neighbour('relay1', 5001), scene.message
    # A cookie is for who has sent what it answers.
    daemon.handshake(scene.initiation.dumps['Frame'],
                     socket.inet_pton(neighbour.socket.family,
                                      neighbour.socket.getsockname()[0]), 9)
    for name, example in (('the initiation', scene.initiation), ('the cookie', scene.cookie),
                          ('the initiation, again', scene.again)):
        data = example.dumps['Frame']
        goes_up(f'relay1 passes up {name}', daemon, neighbour, [data], 'frame', data)
    goes_up('relay1 passes up the message', daemon, neighbour,
            [e.dumps['First frame'], e.dumps['Second frame']], 'payload',
            e.text('message').encode())
    neighbour.socket.close()
    daemon.close()


def originates(scene):
    """The flow is the node's secret, and its counters are at 0."""
    e = scene.origin
    neighbour = Neighbour('client', 5001)
    tap('client').send(scene.session.dumps['Inner packet'])
    data = neighbour.receive()
    head, sealed = data[:16], data[16:]
    counter = int.from_bytes(data[8:16], 'big')
    same('client: frame header', head[:8], e.dumps['Frame'][:8])
    packet = aead(e.text('cipher'), e.octets('key')).decrypt(
        nonce(counter), sealed, head)
    want = e.dumps['Source-route header']
    same('client: source-route header but for flow', packet[:8] + packet[12:16],
         want[:8] + want[12:])
    e = scene.session
    head, sealed = packet[16:28], packet[28:]
    same('client: receiver index of the session', head[:4],
         e.dumps['Session frame'][:4])
    inner = aead(e.text('cipher'), e.octets('key')).decrypt(
        nonce(int.from_bytes(head[4:], 'big')), sealed, head)
    same('client: inner packet', inner, e.dumps['Inner packet'])


def answers_probe(scene):
    """relay1 does not probe, so it says that it hears."""
    neighbour = Neighbour('relay1', 5001)
    neighbour.send(scene.doc['echo-probe'].dumps['Frame'])
    same('relay1 answers the probe', neighbour.receive(),
         scene.doc['echo-answer'].dumps['Frame'])


def answers_session(scene):
    """All is as documented but for the epoch, which the server draws."""
    doc = scene.doc
    neighbour = Neighbour('server', 5001)
    neighbour.send(doc['session-request-link'].dumps['Frame'])
    data = neighbour.receive()
    e = doc['session-answer-link']
    packet = open_frame(e, data)
    head = e.dumps['Source-route header']
    same("server answers the session's echo: frame header", data[:16],
         e.dumps['Frame'][:16])
    same('... source-route header', packet[:len(head)], head)
    payload = packet[len(head):]
    e = doc['session-answer']
    same('... session header', payload[:12], e.dumps['Session frame'][:12])
    got, want = open_as(e, payload, 12), e.dumps['Answer']
    same('... answer but for the epoch', got[:16] + got[20:], want[:16] + want[20:])
    report('... with an epoch', any(got[16:20]))


def from_client(scene, neighbour):
    """Source-route header, session counter, what the session sealed of a packet;
    None if it is not DATA."""
    packet = open_frame(scene.origin, neighbour.receive())
    if packet[0] & 15 != DATA:
        return None
    counter = int.from_bytes(packet[20:28], 'big')
    return packet[:16], counter, open_as(scene.session, packet[16:], 12)


def tell_client(scene, name):
    """The client has just sent what the ERROR quotes; protocol.sh sees whether it
    heeds that."""
    neighbour = Neighbour('client', 5001)
    stack = tap('client')
    counter = -1
    while counter < scene.doc[name].number('session counter'):
        stack.send(scene.session.dumps['Inner packet'])
        counter = from_client(scene, neighbour)[1]
    report('client has sent what is quoted',
           counter == scene.doc[name].number('session counter'), counter)
    neighbour.send(scene.doc[f'{name}-relay1'].dumps['Frame'])


def refuses(scene, name):
    """The frame with the refused packet has any counter that is free."""
    doc = scene.doc
    came = Neighbour('relay2', 5001)
    link = scene.hops[0]
    came.send(frame(link, refused(scene, name),
                    link.number('counter') + 256 + doc[name].number('session counter')))
    same(f'relay2 tells of it, {name}', came.receive(),
         doc[f'{name}-relay2'].dumps['Frame'])
    back, goes = Neighbour('relay1', 5002), Neighbour('relay1', 5001)
    back.send(doc[f'{name}-relay2'].dumps['Frame'])
    same('relay1 passes that on', goes.receive(), doc[f'{name}-relay1'].dumps['Frame'])
    tell_client(scene, name)


def asks_session(scene):
    """The client's number and time are its own; with these in the documented
    answer, protocol.sh sees whether it takes that."""
    doc, asked = scene.doc, None
    neighbour = Neighbour('client', 5001)
    tap('client').send(scene.session.dumps['Inner packet'])
    while not asked or asked[2][0] >> 4:
        asked = from_client(scene, neighbour)
    head, _, got = asked
    e = doc['session-request']
    want = e.dumps['Request']
    same("client asks by the session's echo: source-route header", head,
         e.dumps['Source-route header'])
    same('... request but for number and time', got[:4] + got[16:], want[:4] + want[16:])
    want = doc['session-answer'].dumps['Answer']
    labels = [hop.number('egress label') for hop in scene.hops][::-1]
    answer = session_frame(doc['session-answer'], want[:4] + got[4:16] + want[16:])
    neighbour.send(frame(doc['echo-answer'], header(DATA, 0, 2, 0, 0, labels) + answer,
                         doc['echo-answer'].number('counter') + 16))


def probes_link(scene):
    """So are those of its probes."""
    asked, answered = scene.doc['echo-probe'], scene.doc['echo-answer']
    head, want = (asked.dumps[title] for title in ('Source-route header', 'ECHO'))
    said = answered.dumps['Source-route header'] + answered.dumps['ECHO'][:4]
    # What seals takes a while to load, and probes would queue up.
    frame(answered, said, 0)
    neighbour = Neighbour('client', 5001)
    end = time.monotonic() + 2 * PATIENCE
    counter = answered.number('counter') + 32
    packet = b''
    # The first has been sent before there was anything to hear.
    while packet[13:14] != want[1:2] and time.monotonic() < end:
        packet = open_frame(scene.origin, neighbour.receive())
        if packet[0] & 15 == ECHO:
            neighbour.send(frame(answered, said + packet[16:], counter))
            counter += 1
    got = packet[12:]
    same('client probes: source-route header', packet[:12], head)
    same('client probes: ECHO but for number and time', got[:4] + bytes(len(got) - 4),
         want[:4] + bytes(len(want) - 4))
    state = ''
    while state != 'alive' and time.monotonic() < end:
        shown = subprocess.run(
            [os.environ['SWCTL'], '-n', os.path.basename(os.environ['NETNS']) + 'client',
             '-j', 'link', 'show'], stdout=subprocess.PIPE, check=True).stdout
        state = json.loads(shown)[0]['liveness']
    report('the documented answers keep the link alive', state == 'alive', state)


def seals_headers(scene):
    """As relays(), and then relay2 asks for full seal."""
    doc = scene.doc
    before, after = doc['sealed-origin'], doc['sealed-relay1']
    came, goes = Neighbour('relay1', 5001), Neighbour('relay1', 5002)
    head = scene.origin.dumps['Source-route header']
    packet = head + scene.session.dumps['Session frame']
    first = before.number('counter') + 1
    for i in range(after.number('counter')):
        came.send(sealed_frame(before, packet, len(head), first + i))
        report('a header goes out sealed', goes.receive()[:1] == b'\5')
    came.send(before.dumps['Frame'])
    same('relay1 sends the next one', goes.receive(), after.dumps['Frame'])
    full = doc['echo-full']
    goes.send(full.dumps['Frame'])
    want = doc['echo-full'].dumps['ECHO']
    same('relay1 answers who wants all sealed', open_frame(after, goes.receive()),
         full.dumps['Source-route header'] + b'\1\1' + want[2:])
    came.send(sealed_frame(before, packet, len(head), first + 256))
    same('and seals all', open_frame(after, goes.receive()),
         scene.hops[0].dumps['Source-route header'] + packet[len(head):])


def inject(scene):
    for name, node in scene.nodes.items():
        report(f'{name} has its documented key and address',
               os.environ[f'{name.upper()}_KEY'] == node.text('public key') and
               ipaddress.IPv6Address(os.environ[f'{name.upper()}_ADDR']) ==
               scene.addr[name])
    e = scene.direct
    neighbour = Neighbour('relay1', 5001)
    delivers('relay1 delivers the DIRECT packet', tap('relay1'), neighbour,
             e.dumps['Frame'], e.dumps['Inner packet'])
    neighbour.socket.close()
    passes_up(scene)
    answers_probe(scene)
    for step, relay in enumerate(RELAYS):
        relays(scene, step, relay)
    delivers('server delivers the inner packet', tap('server'),
             Neighbour('server', 5001), scene.hops[-1].dumps['Frame'],
             scene.session.dumps['Inner packet'])
    answers_session(scene)
    originates(scene)


def ethernet(scene):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind(('ether', 0))
        delivers('relay1 delivers what came over Ethernet', tap('relay1'), sock,
                 scene.ethernet.dumps['Ethernet frame'],
                 scene.direct.dumps['Inner packet'])


def values(scene):
    for name, example in scene.doc.items():
        for field, value in example.fields.items():
            print(name, field.replace(' ', '-'), value)


MODES = {
    'values': values, 'check': check, 'inject': inject, 'ethernet': ethernet,
    'too-big': lambda scene: refuses(scene, 'error-big'),
    'link-down': lambda scene: refuses(scene, 'error-down'),
    'session': asks_session, 'live': probes_link, 'sealed': seals_headers,
}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in MODES:
        sys.exit(__doc__)
    MODES[sys.argv[1]](Scene(sys.argv[2]))
    return failures > 0


if __name__ == '__main__':
    sys.exit(main())
