#!/usr/bin/python3
"""What a runaway or hostile worker does to its own gateway, bounded in number and time.

usage: flood.py KIND ADDRESS PORT COUNT SECONDS
  slow      COUNT connections that each send one byte of an HTTP request a second
  half      COUNT connections that send half of a TLS ClientHello and wait
  idle      COUNT connections that send nothing
  lookups   COUNT lookups a second of names that do not exist
  headers   COUNT requests with a header of 1 MiB, one after the other

Prints one JSON object: how many attempts were made, were accepted and are still open at the end, and
how many answers came.
"""
import json
import os
import resource
import select
import socket
import struct
import sys
import time

HALF_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"  # record and handshake say 512 bytes
REQUEST = b"GET /nothing/here HTTP/1.1\r\nHost: gateway\r\nX-Slow: "


def connections(address, port, count):
    """Starts all of them; returns those that the kernel did not refuse at once."""
    sockets = []
    for _ in range(count):
        s = socket.socket()
        s.setblocking(False)
        try:
            s.connect((address, port))
        except BlockingIOError:
            pass
        except OSError:
            s.close()
            continue
        sockets.append(s)
    return sockets


def is_open(s):
    try:
        return s.recv(4096, socket.MSG_DONTWAIT) != b""
    except BlockingIOError:
        return s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
    except OSError:
        return False


def hold(address, port, count, seconds, first=b"", drip=b""):
    end = time.monotonic() + seconds
    sockets = connections(address, port, count)
    connected, sent = set(), 0
    while time.monotonic() < end:
        poll = select.poll()
        for s in sockets:
            if s not in connected:
                poll.register(s, select.POLLOUT)
        ready = {fd for fd, event in poll.poll(200) if event == select.POLLOUT}
        for s in sockets:
            if s.fileno() in ready:
                connected.add(s)
        for s in list(connected):
            data = first[:1] if sent == 0 and drip else first if sent == 0 else drip
            try:
                if data:
                    s.send(data)
            except OSError:
                connected.discard(s)
                sockets.remove(s)
        sent += 1
        time.sleep(max(0.0, min(1.0, end - time.monotonic())))
    result = {"attempts": count, "accepted": len(connected),
              "open": sum(1 for s in connected if is_open(s))}
    for s in sockets:
        s.close()
    return result


def lookups(address, port, rate, seconds):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setblocking(False)
    began, sent, answers = time.monotonic(), 0, 0
    while (now := time.monotonic() - began) < seconds:
        while sent < now * rate:
            name = os.urandom(8).hex().encode()
            question = struct.pack(">HHHHHH", sent & 0xFFFF, 0x0100, 1, 0, 0, 0)
            question += bytes([len(name)]) + name + b"\x07example\x03net\x00\x00\x01\x00\x01"
            try:
                s.sendto(question, (address, port))
            except OSError:
                pass
            sent += 1
        try:
            while s.recv(512):
                answers += 1
        except OSError:
            pass
        time.sleep(0.001)
    return {"attempts": sent, "answers": answers}


def headers(address, port, count, seconds):
    end, answers = time.monotonic() + seconds, 0
    made = 0
    while made < count and time.monotonic() < end:
        made += 1
        try:
            with socket.create_connection((address, port), timeout=2) as s:
                s.sendall(REQUEST + b"x" * (1 << 20) + b"\r\n\r\n")
                answers += s.recv(64).startswith(b"HTTP/1.1 4")
        except OSError:
            pass  # closed while it was sending: as good an answer
    return {"attempts": made, "answers": answers}


def main():
    kind, address = sys.argv[1:3]
    port, count, seconds = (int(a) for a in sys.argv[3:6])
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 64, count + 64))
    if kind == "slow":
        result = hold(address, port, count, seconds, REQUEST, b"x")
    elif kind == "half":
        result = hold(address, port, count, seconds, HALF_HELLO)
    elif kind == "idle":
        result = hold(address, port, count, seconds)
    elif kind == "lookups":
        result = lookups(address, port, count, seconds)
    else:
        result = headers(address, port, count, seconds)
    print(json.dumps(result))


main()
