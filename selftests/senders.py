#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""senders.py NETNS ADDRESS NETNS ADDRESS [KIND]...: sends from the first to
the second in every way that makes another kind of skb, and compares what
arrives. MARKER is in every packet."""
import mmap
import os
import socket
import struct
import sys
import tempfile
import threading
import time

import packets

SOURCE_NS, SOURCE, SINK_NS, SINK = sys.argv[1:5]
V6 = ':' in SOURCE
FAMILY = socket.AF_INET6 if V6 else socket.AF_INET
SCALE = int(os.environ.get('SCALE', '1'))
MARKER = os.environ['MARKER'].encode()
DEVICE = os.environ.get('DEVICE', 'sw0')
PORT = 7100
SO_ZEROCOPY, MSG_ZEROCOPY, UDP_SEGMENT = 60, 0x4000000, 103
ETH_P = 0x86dd if V6 else 0x0800


def content(size):
    """Bytes that are not the same at any two places, with the marker often."""
    out = bytearray()
    while len(out) < size:
        out += b'%08d' % len(out) + MARKER + os.urandom(8)
    return bytes(out[:size])


def pattern_file(data):
    file = tempfile.TemporaryFile()
    file.write(data)
    file.flush()
    file.seek(0)
    return file


# --- TCP ---

def tcp(sock, data):
    sock.sendall(data)


def tcp_small(sock, data):
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for at in range(0, len(data), 997):
        sock.sendall(data[at:at + 997])


def tcp_sendfile(sock, data):
    with pattern_file(data) as file:
        at = 0
        while at < len(data):
            at += os.sendfile(sock.fileno(), file.fileno(), at, len(data) - at)


def tcp_splice(sock, data):
    r, w = os.pipe()
    with pattern_file(data) as file:
        while True:
            n = os.splice(file.fileno(), w, 65536)
            if not n:
                break
            while n:
                n -= os.splice(r, sock.fileno(), n)
    os.close(r)
    os.close(w)


def tcp_zerocopy(sock, data):
    """The pages stay ours. What was sealed in place would be seen in them."""
    sock.setsockopt(socket.SOL_SOCKET, SO_ZEROCOPY, 1)
    pages = mmap.mmap(-1, len(data))
    pages[:] = data
    at = 0
    while at < len(data):
        at += sock.send(memoryview(pages)[at:at + 65536], MSG_ZEROCOPY)
    sock.shutdown(socket.SHUT_WR)
    sock.recv(1)    # the other end has it all
    assert pages[:] == data, 'the pages that were sent have changed'


def run_tcp(send, size):
    data = content(size)
    listener = packets.socket_in(SINK_NS, FAMILY, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((SINK, PORT))
    listener.listen(1)
    listener.settimeout(10 * SCALE)
    got = bytearray()

    def sink():
        conn = listener.accept()[0]
        conn.settimeout(10 * SCALE)
        with conn:
            while len(got) < len(data):
                part = conn.recv(65536)
                if not part:
                    break
                got.extend(part)

    thread = threading.Thread(target=sink, daemon=True)
    thread.start()
    sock = packets.socket_in(SOURCE_NS, FAMILY, socket.SOCK_STREAM)
    sock.settimeout(10 * SCALE)
    sock.bind((SOURCE, 0))
    sock.connect((SINK, PORT))
    with sock:
        sock.setblocking(True)
        send(sock, data)
        thread.join(20 * SCALE)
    listener.close()
    assert bytes(got) == data, '%d of %d bytes, or others' % (len(got), len(data))


# --- datagrams ---

def udp_socket():
    sock = packets.socket_in(SOURCE_NS, FAMILY, socket.SOCK_DGRAM)
    sock.bind((SOURCE, 0))
    sock.connect((SINK, PORT))
    return sock


def datagrams(count, size):
    return [content(size)[:-4] + struct.pack('>I', n) for n in range(count)]


def udp():
    want = datagrams(20, 1000)
    with udp_socket() as sock:
        for data in want:
            sock.send(data)
    return want


def udp_fragments():
    """Datagrams of several pages, which IP cuts before sw0 sees them."""
    want = datagrams(3, 9000)
    with udp_socket() as sock:
        for data in want:
            sock.send(data)
    return want


def udp_corked():
    """A datagram of several fragments of memory."""
    want = datagrams(5, 1200)
    with udp_socket() as sock:
        for data in want:
            sock.send(data[:300], socket.MSG_MORE)
            sock.send(data[300:700], socket.MSG_MORE)
            sock.send(data[700:])
    return want


def udp_gso():
    want = datagrams(20, 1100)
    want.append(b'short' + MARKER)
    with udp_socket() as sock:
        sock.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 1100)
        sock.send(b''.join(want))
    return want


def ip_packet(data):
    make = packets.udp6 if V6 else packets.udp4
    return make(SOURCE, SINK, data, dport=PORT)


def packet_socket():
    """A packet socket and an address on the device; raw on sw0, below the link
    layer header elsewhere."""
    return packets.socket_in(SOURCE_NS, socket.AF_PACKET, socket.SOCK_DGRAM)


def raw_packets():
    want = datagrams(10, 1000)
    with packet_socket() as sock:
        for data in want:
            sock.sendto(ip_packet(data), (DEVICE, ETH_P))
    return want


def raw_packets_no_protocol():
    want = datagrams(10, 1000)
    with packets.socket_in(SOURCE_NS, socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind((DEVICE, 0))
        for data in want:
            sock.send(ip_packet(data))
    return want


def tx_ring():
    """The ring's pages are mapped by us and must come back as they were."""
    want = datagrams(8, 1000)
    frame, count, head = 2048, 8, 32
    with packets.socket_in(SOURCE_NS, socket.AF_PACKET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(263, 10, struct.pack('i', 1))                # TPACKET_V2
        sock.setsockopt(263, 13, struct.pack('IIII', 4096, count * frame // 4096,
                                             frame, count))          # TX_RING
        sock.bind((DEVICE, ETH_P))
        ring = mmap.mmap(sock.fileno(), frame * count)
        sent = [ip_packet(data) for data in want]
        for n, packet in enumerate(sent):
            # tpacket2_hdr; the data follow it, 16-byte aligned, without sockaddr_ll
            ring[n * frame + head:n * frame + head + len(packet)] = packet
            struct.pack_into('II', ring, n * frame, 1, len(packet))  # SEND_REQUEST
        sock.sendto(b'', (DEVICE, ETH_P))
        end = time.monotonic() + 5 * SCALE
        for n, packet in enumerate(sent):
            while struct.unpack_from('I', ring, n * frame)[0] != 0:  # AVAILABLE
                assert time.monotonic() < end, 'frame %d is not sent' % n
                time.sleep(0.01)
            assert ring[n * frame + head:n * frame + head + len(packet)] == packet, \
                'the ring has changed'
    return want


def run_datagrams(send):
    sink = packets.socket_in(SINK_NS, FAMILY, socket.SOCK_DGRAM)
    sink.setsockopt(socket.SOL_SOCKET, 33, 1 << 21)
    sink.bind((SINK, PORT))
    sink.settimeout(3 * SCALE)
    with sink:
        want = send()
        got = []
        try:
            while len(got) < len(want):
                got.append(sink.recv(65536))
        except socket.timeout:
            pass
    missing = [n for n, data in enumerate(want) if data not in got]
    assert not missing, '%d of %d arrived, not %s' % (len(got), len(want), missing)
    assert sorted(got) == sorted(want), 'more than was sent'


KINDS = {
    'tcp': lambda: run_tcp(tcp, 150000),
    'tcp-small': lambda: run_tcp(tcp_small, 20000),
    'sendfile': lambda: run_tcp(tcp_sendfile, 100000),
    'splice': lambda: run_tcp(tcp_splice, 100000),
    'zerocopy': lambda: run_tcp(tcp_zerocopy, 100000),
    'udp': lambda: run_datagrams(udp),
    'udp-fragments': lambda: run_datagrams(udp_fragments),
    'udp-corked': lambda: run_datagrams(udp_corked),
    'udp-gso': lambda: run_datagrams(udp_gso),
    'packet': lambda: run_datagrams(raw_packets),
    'packet-raw': lambda: run_datagrams(raw_packets_no_protocol),
    'tx-ring': lambda: run_datagrams(tx_ring),
}


def main():
    failed = 0
    for kind in sys.argv[5:] or KINDS:
        try:
            KINDS[kind]()
        except (AssertionError, OSError) as e:
            failed = 1
            print('not ok %s%s' % (os.environ.get('LABEL', ''), kind))
            print('# %s: %s' % (type(e).__name__, e))
        else:
            print('ok %s%s' % (os.environ.get('LABEL', ''), kind))
    sys.exit(failed)


main()
