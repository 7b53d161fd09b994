#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Traffic in small pieces, each when it is asked for, through a gateway in this namespace.

  exchange.py serve     echo servers of TCP and UDP, and of UDP behind the tunnel
  exchange.py ask       does what lines "WAY PIECE SECONDS" say; answers each with a line

A way is IPv4 or IPv6 here; branches.py has those of customers. A piece may lose packets, not
its way: what is lost is sent again until the time is over.

     xcl c0 ---- g0 (this namespace, slr) g1 ---- s0 xsv
     198.51.100.0/24                      10.2.0.0/24
     2001:db8:c::/64                      2001:db8:5::/64
"""

import errno
import itertools
import os
import socket
import subprocess
import sys
import threading
import time

from traffic import serve_tcp, serve_udp

IP_RECVERR = 11  # any error that comes back fails the next call
VIPS = {4: "203.0.113.10", 6: "2001:db8:113::10"}
REALS = {4: "10.2.0.11", 6: "2001:db8:5::11"}
SIDES = (("xcl", "g0", "c0", ("198.51.100.1/24", "198.51.100.2/24"),
          ("2001:db8:c::1/64", "2001:db8:c::2/64")),
         ("xsv", "g1", "s0", ("10.2.0.1/24", REALS[4] + "/24"),
          ("2001:db8:5::1/64", REALS[6] + "/64")))


# --- the servers -------------------------------------------------------------------


def serve():
    serve_tcp(80)
    serve_udp(53)
    serve_udp(54, "::ffff:" + VIPS[4])
    serve_udp(54, VIPS[6])
    stay()


def stay():
    """What was begun goes on until this process is ended."""
    print("ready", flush=True)
    threading.Event().wait()


# --- the client --------------------------------------------------------------------


class Peer:
    """One piece at a time, with who has an address."""

    # Families and ports whose datagrams no error may answer.
    strict = ()

    def __init__(self, address):
        self.address, self.version = address, 6 if ":" in address else 4
        self.family = socket.AF_INET if self.version == 4 else socket.AF_INET6
        self.kept = None

    def connection(self, seconds):
        return socket.create_connection((self.address, 80), timeout=seconds)

    def tcp(self, seconds):
        """A connection with some data, from its beginning to its end."""
        body, got = os.urandom(30000), b""
        with self.connection(seconds) as sock:
            sock.sendall(body)
            sock.shutdown(socket.SHUT_WR)
            while data := sock.recv(65536):
                got += data
        assert got == body, "other bytes came back"

    def open(self, seconds):
        """A connection that stays."""
        self.kept = self.connection(seconds)
        self.more(seconds)

    def more(self, seconds):
        """Some bytes over the connection that stayed."""
        body, got = os.urandom(1000), b""
        self.kept.settimeout(seconds)
        self.kept.sendall(body)
        while len(got) < len(body) and (data := self.kept.recv(65536)):
            got += data
        assert got == body, "other bytes came back"

    def datagram(self, seconds, size, port=53):
        """One that comes back, of the same flow each time; what is lost is so without a word."""
        body, end = os.urandom(size), time.monotonic() + seconds
        with socket.socket(self.family, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.5)
            if (self.version, port) in self.strict:
                sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
            sock.connect((self.address, port))
            while time.monotonic() < end:
                sock.send(body)
                try:
                    if sock.recv(65536) == body:
                        return
                except TimeoutError:
                    pass
        raise TimeoutError("no answer")

    def udp(self, seconds):
        self.datagram(seconds, 100)

    def fragments(self, seconds):
        self.datagram(seconds, 4000)

    def refused(self, seconds, port, size, error, *option):
        """A datagram that must be answered by an error, of a socket with that option."""
        end = time.monotonic() + seconds
        with socket.socket(self.family, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.5)
            if option:
                sock.setsockopt(*option)
            sock.connect((self.address, port))
            while time.monotonic() < end:
                try:
                    sock.send(bytes(size))
                    sock.recv(100)
                except TimeoutError:
                    pass
                except OSError as e:
                    if e.errno == error:
                        return
                    raise
        raise TimeoutError("no error")

    def ping(self, seconds):
        end = time.monotonic() + seconds
        while subprocess.run(["ping", "-q", "-c1", "-W1", self.address], check=False,
                             stdout=subprocess.DEVNULL).returncode:
            if time.monotonic() > end:
                raise TimeoutError("no answer")


class Client(Peer):
    """A client of the services."""

    # IPv6 itself cannot tell a lack of memory from that of a route, nor can tunnels.
    strict = ((4, 53),)

    def tunnel(self, seconds):
        """Through a tunnel to the server, and from it directly to here."""
        self.datagram(seconds, 1000, 54)

    def closed(self, seconds):
        """A port that is not served, so an error is what must come."""
        self.refused(seconds, 9, 1, errno.ECONNREFUSED)


CLIENTS = {f"IPv{version}": Client(vip) for version, vip in VIPS.items()}
# What is sent by which way.
PIECES = tuple(itertools.product(CLIENTS, ("tcp", "udp", "fragments", "tunnel", "closed", "ping")))


def ask(clients):
    print("ready", flush=True)
    for line in sys.stdin:
        way, piece, seconds = line.split()
        try:
            getattr(clients[way], piece)(float(seconds))
            print("done", flush=True)
        except (OSError, AssertionError) as e:
            print(f"{type(e).__name__}: {e}", flush=True)


class Asker:
    """Servers and a client, each in its namespace, until the test ends."""

    def __init__(self, defer, pieces=PIECES, script=__file__, servers=(("xsv", "serve"),)):
        self.pieces = pieces
        for namespace, role in servers:
            self.run(defer, namespace, script, role)
        self.process = self.run(defer, "xcl", script, "ask")

    @staticmethod
    def run(defer, namespace, script, role):
        process = subprocess.Popen(["ip", "netns", "exec", namespace, sys.executable,
                                    os.path.abspath(script), role],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        defer(process.wait)
        defer(process.kill)
        assert process.stdout.readline() == "ready\n"
        return process

    def __call__(self, way, piece, seconds):
        """One piece; what went wrong with it, or nothing."""
        print(way, piece, seconds, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline().strip()
        return None if answer == "done" else answer or "the client died"


# --- the wires ---------------------------------------------------------------------


def wire(sh, defer):
    """Namespaces, cables, addresses and routes."""
    for ns, dev, peer, *addresses in SIDES:
        sh("ip", "netns", "add", ns)
        defer(sh, "ip", "netns", "del", ns)
        sh("ip", "link", "add", dev, "type", "veth", "peer", "name", peer, "netns", ns)
        # At once, as the next test makes another; a namespace goes when there is time.
        defer(sh, "ip", "link", "del", dev)
        sh("ip", "link", "set", dev, "up")
        for words in (("set", "lo", "up"), ("set", peer, "up")):
            sh("ip", "-n", ns, "link", *words)
        for own, other in addresses:
            flags = ("nodad",) if ":" in own else ()
            sh("ip", "addr", "add", own, "dev", dev, *flags)
            sh("ip", "-n", ns, "addr", "add", other, "dev", peer, *flags)
            sh("ip", "-n", ns, "route", "add", "default", "via", own.split("/", maxsplit=1)[0])
    sh("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")


def server_behind_a_tunnel(sh):
    """It has the virtual addresses, and is a plain host."""
    for words in (("link", "add", "far", "type", "sit", "mode", "any",
                   "local", REALS[4], "remote", "10.2.0.1"),
                  ("link", "set", "far", "up"), ("addr", "add", VIPS[4] + "/32", "dev", "lo"),
                  ("addr", "add", VIPS[6] + "/128", "dev", "lo", "nodad")):
        sh("ip", "-n", "xsv", *words)
    for name in ("all", "far"):
        sh("ip", "netns", "exec", "xsv", "sysctl", "-qw", f"net.ipv4.conf.{name}.rp_filter=0")


def configure(do):
    """Services for the pieces, in an empty configuration."""
    do("port-new", ifname="g0", side="client")
    do("port-new", ifname="g1", side="server")
    do("tunnel-new", name="far", type="ipip", local="10.2.0.1", remote=REALS[4], customer=0)
    for version, echo_protocol in ((4, 1), (6, 58)):
        server = {"address": REALS[version]}
        do("server-new", key=server)
        for protocol, port in ((6, 80), (17, 53), (echo_protocol, None), (17, 54)):
            service = {"address": VIPS[version], "protocol": protocol}
            service |= {"port": port} if port else {}
            do("service-new", key=service)
            far = {"method": "tunnel", "tunnel": "far"} if port == 54 else {}
            do("binding-new", service=service, server=server, **far)


if __name__ == "__main__":
    {"serve": serve, "ask": lambda: ask(CLIENTS)}[sys.argv[1]]()
