# SPDX-License-Identifier: GPL-2.0
"""Inner packets, and sockets in other namespaces."""
import ctypes
import os
import socket
import struct


def checksum(data):
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack('>%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def udp6(src, dst, payload, sport=9000, dport=9000, tclass=0):
    """An IPv6 packet with a UDP datagram."""
    src, dst = (socket.inet_pton(socket.AF_INET6, a) for a in (src, dst))
    length = 8 + len(payload)
    udp = struct.pack('>HHHH', sport, dport, length, 0) + payload
    csum = checksum(src + dst + struct.pack('>II', length, 17) + udp) or 0xffff
    udp = udp[:6] + struct.pack('>H', csum) + udp[8:]
    return struct.pack('>IHBB', 6 << 28 | tclass << 20, length, 17, 64) + src + dst + udp


def udp4(src, dst, payload, sport=9000, dport=9000, tos=0):
    """An IPv4 packet with a UDP datagram, without a UDP checksum."""
    udp = struct.pack('>HHHH', sport, dport, 8 + len(payload), 0) + payload
    head = struct.pack('>BBHHHBBH4s4s', 0x45, tos, 20 + len(udp), 1, 0, 64, 17, 0,
                       socket.inet_aton(src), socket.inet_aton(dst))
    return head[:10] + struct.pack('>H', checksum(head)) + head[12:] + udp


def socket_in(netns, *args):
    """A socket in another namespace."""
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(path):
        with open(path, 'rb') as ns:
            if libc.setns(ns.fileno(), 0x40000000):
                raise OSError(ctypes.get_errno(), 'setns %s' % path)

    home = os.open('/proc/self/ns/net', os.O_RDONLY)
    try:
        enter('/run/netns/' + netns)
        return socket.socket(*args)
    finally:
        enter('/proc/self/fd/%d' % home)
        os.close(home)
