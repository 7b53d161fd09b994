#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Real traffic whose every byte is looked at, for tests that change things meanwhile.

  traffic.py serve PORT...                      echo all that comes, TCP and UDP
  traffic.py ask STATUS PATIENCE ADDRESS PORT...  ask such servers until killed

STATUS is a file in which a JSON object always says how far it is. A connection fails when
PATIENCE seconds pass without a byte; `corrupt` is what came back as other bytes. Between two
there is a pause, or the machine would have no time for anything else.
"""

import json
import os
import random
import socket
import sys
import threading
import time

PAUSE = 0.2


def echo(sock):
    try:
        while data := sock.recv(65536):
            sock.sendall(data)
    except OSError:
        pass
    finally:
        sock.close()


def echo_datagrams(sock):
    while True:
        data, peer = sock.recvfrom(65536)
        try:
            sock.sendto(data, peer)
        except OSError:
            pass  # told of an earlier one that did not arrive


def accept(server):
    while True:
        sock = server.accept()[0]
        threading.Thread(target=echo, args=(sock,), daemon=True).start()


def serve_tcp(port):
    """An echo server of both families, in the background."""
    server = socket.create_server(("::", port), family=socket.AF_INET6, backlog=512,
                                  dualstack_ipv6=True)
    threading.Thread(target=accept, args=(server,), daemon=True).start()


def serve_udp(port, address="::"):
    """The same; of one address if it is given, ::ffff:A.B.C.D for IPv4."""
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    threading.Thread(target=echo_datagrams, args=(sock,), daemon=True).start()


def serve(ports):
    for port in map(int, ports):
        serve_tcp(port)
        serve_udp(port)
    threading.Event().wait()


class Client:
    """Asks without end and counts."""

    def __init__(self, status, patience, address):
        self.status, self.patience, self.address = status, patience, address
        self.family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.lock = threading.Lock()
        self.count = dict.fromkeys(
            ("connections", "bytes", "datagrams", "lost", "failed", "corrupt"), 0)
        self.why = {}

    def add(self, **more):
        with self.lock:
            for name, n in more.items():
                self.count[name] += n

    def failed(self, error):
        with self.lock:
            self.count["failed"] += 1
            why = type(error).__name__
            self.why[why] = self.why.get(why, 0) + 1
        time.sleep(PAUSE)

    def connection(self, port, rng, size):
        """What is sent comes back, while more is sent, in pieces of any size."""
        body = rng.randbytes(size)
        with socket.socket(self.family, socket.SOCK_STREAM) as sock:
            sock.settimeout(self.patience)
            sock.connect((self.address, port))
            sent = got = 0
            while got < size:
                if sent < size and sent - got < 100000:
                    piece = body[sent:sent + rng.randrange(1, 30000)]
                    sock.sendall(piece)
                    sent += len(piece)
                    if rng.random() < 0.7:
                        continue
                data = sock.recv(65536)
                if not data:
                    raise ConnectionError("ended early")
                if data != body[got:got + len(data)]:
                    self.add(corrupt=1)
                    return
                got += len(data)
                self.add(bytes=len(data))
        self.add(connections=1)

    def connections(self, port, sizes):
        rng = random.Random(os.urandom(8))
        while True:
            try:
                self.connection(port, rng, rng.randrange(*sizes))
                time.sleep(PAUSE)
            except OSError as e:
                self.failed(e)

    def datagrams(self, port, size):
        """One at a time; what comes late is known by its number."""
        rng = random.Random(os.urandom(8))
        sock = socket.socket(self.family, socket.SOCK_DGRAM)
        sock.settimeout(min(2, self.patience))
        number, sent = 0, {}
        while True:
            if number % 200 == 0:  # another flow
                sock.close()
                sock = socket.socket(self.family, socket.SOCK_DGRAM)
                sock.settimeout(min(2, self.patience))
                sent.clear()
            number += 1
            body = number.to_bytes(8, "big") + rng.randbytes(rng.randrange(size))
            sent[number] = body
            try:
                sock.sendto(body, (self.address, port))
                while True:
                    data = sock.recv(65536)
                    which = int.from_bytes(data[:8], "big")
                    if sent.get(which) != data:
                        self.add(corrupt=1)
                    if which == number:
                        break
                self.add(datagrams=1, bytes=len(data))
            except OSError:
                self.add(lost=1)
            time.sleep(PAUSE)

    def run(self, ports):
        for port in map(int, ports):
            for target, args in ((self.connections, (port, (1, 200000))),
                                 (self.connections, (port, (1, 300))),
                                 (self.datagrams, (port, 1300)),
                                 (self.datagrams, (port, 8000))):  # in fragments
                threading.Thread(target=target, args=args, daemon=True).start()
        while True:
            with self.lock:
                text = json.dumps(self.count | {"why": self.why})
            with open(self.status + ".new", "w", encoding="ascii") as f:
                f.write(text)
            os.rename(self.status + ".new", self.status)
            time.sleep(0.5)


def main():
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2:])
    elif sys.argv[1:2] == ["ask"] and len(sys.argv) > 5:
        Client(sys.argv[2], float(sys.argv[3]), sys.argv[4]).run(sys.argv[5:])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
