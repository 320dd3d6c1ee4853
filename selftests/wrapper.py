#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""wrapper.py DRIVER NAME: makes an asynchronous AEAD driver around DRIVER, which
the kernel prefers from then on, and prints its name. When standard input ends,
it is taken away again.

NAME is the algorithm, as the kernel spells it. The wrapper is pcrypt: cryptd
changes requests on kernels before 6.3, whose self-tests refuse it for that."""
import socket
import struct
import sys
import time

CRYPTO_MSG_DELALG, NLM_F_REQUEST, NLM_F_ACK = 0x11, 1, 4
NETLINK_CRYPTO = 21


def bind(name):
    """A socket that holds a driver, which is made if there is none."""
    sock = socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)
    sock.bind(('aead', name))
    return sock


def delete(name, driver):
    """Take a driver away; the errno."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_CRYPTO) as sock:
        body = struct.pack('64s64s64sIIII', name.encode(), driver.encode(), b'', 0, 0, 0, 0)
        sock.send(struct.pack('IHHII', 16 + len(body), CRYPTO_MSG_DELALG,
                              NLM_F_REQUEST | NLM_F_ACK, 1, 0) + body)
        return -struct.unpack_from('i', sock.recv(4096), 16)[0]


def main():
    driver, name = sys.argv[1:3]
    wrapper = 'pcrypt(%s)' % driver
    try:
        held = bind(wrapper)
    except OSError as error:
        sys.exit('%s: %s' % (wrapper, error))
    print(wrapper, flush=True)
    sys.stdin.read()
    held.close()
    # Keys that used it go a grace period after they were deleted.
    for _ in range(100):
        errno = delete(name, wrapper)
        if not errno:
            return
        time.sleep(0.1)
    sys.exit('%s stays: errno %d' % (wrapper, errno))


main()
