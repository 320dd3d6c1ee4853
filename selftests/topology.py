# SPDX-License-Identifier: GPL-2.0
"""topology.py SECONDS SOCKET...: asks daemons by their sockets until each knows all
of them, and has a path to each, or until the time is over. Says how long it took, or
what is missing. A node that has a link with another needs no path over relays to it.
"""
import json
import socket
import sys
import time


def ask(path, *words):
    with socket.socket(socket.AF_UNIX) as conn:
        conn.settimeout(20)
        conn.connect(path)
        conn.sendall(' '.join(words).encode() + b'\n')
        with conn.makefile() as file:
            return json.load(file)


def missing(paths, keys):
    """What is missing, as soon as anything is."""
    for path in paths:
        if path not in keys:
            keys[path] = ask(path, 'status')['key']
    wanted = {keys[path] for path in paths}
    for path in paths:
        known = {node['key'] for node in ask(path, 'node')}
        if known != wanted:
            return f'{path} knows {len(known)} nodes, of {len(wanted)}'
    for path in paths:
        direct = {link['key'] for link in ask(path, 'neighbour')
                  if link['liveness'] == 'alive'}
        for key in wanted - direct - {keys[path]}:
            if not ask(path, 'route', key):
                return f'{path} has no path to {key}'
    return None


def main():
    limit, paths = float(sys.argv[1]), sys.argv[2:]
    start, keys = time.monotonic(), {}
    while True:
        try:
            what = missing(paths, keys)
        except (OSError, ValueError) as error:
            what = str(error)
        took = time.monotonic() - start
        if not what:
            print(f'{len(paths)} nodes: all pairs after {took:.1f} s')
            return 0
        if took > limit:
            print(f'after {took:.1f} s {what}')
            return 1
        time.sleep(0.2)


if __name__ == '__main__':
    sys.exit(main())
