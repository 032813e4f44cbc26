#!/usr/bin/python3
"""Servers of the tests' internet (see lab.sh), all in one process.

usage: lab-server.py KIND=ADDRESS:PORT... [certs=DIR] [files=DIR]
  tls   HTTP over TLS with the certificate DIR/NAME.pem of the name that the client asks for
  http  HTTP and websocket echo
  echo  sends back what it gets

HTTP answers are one JSON object: who answered, the name asked for, the path and the peer. Paths
below /files/ are answered with what is in DIR (a folder: its index.html), or with 404.
"""
import asyncio
import base64
import functools
import hashlib
import json
import os
import ssl
import sys

WEBSOCKET_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3


def tls_context(certs):
    """One context per certificate; the client's name chooses, unknown names are refused."""
    contexts = {}
    for file in sorted(os.listdir(certs)):
        if file.endswith(".pem"):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(os.path.join(certs, file))
            contexts[file[: -len(".pem")]] = context

    def choose(sock, name, _first):
        found = contexts.get(name) or contexts.get("*." + (name or "").split(".", 1)[-1])
        if found is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        sock.context = found
        sock.server_hostname_asked = name
        return None

    first = next(iter(contexts.values()))
    first.sni_callback = choose
    return first


async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def websocket_echo(reader, writer, key):
    accept = base64.b64encode(hashlib.sha1(key.encode() + WEBSOCKET_GUID).digest())
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                 b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
    while True:
        head = await reader.readexactly(2)
        size = head[1] & 0x7F
        if size == 126:
            size = int.from_bytes(await reader.readexactly(2), "big")
        mask = await reader.readexactly(4)
        body = bytes(b ^ mask[i % 4] for i, b in enumerate(await reader.readexactly(size)))
        if head[0] & 0x0F == 8:
            return
        prefix = bytes([head[0], size]) if size < 126 else (
            bytes([head[0], 126]) + size.to_bytes(2, "big"))
        writer.write(prefix + body)
        await writer.drain()


def file_answer(files, path):
    """Status line and body for a path below /files/."""
    path = path.partition("?")[0]
    name = os.path.realpath(files + path[len("/files"):])
    if path.endswith("/"):
        name += "/index.html"
    try:
        if not name.startswith(os.path.realpath(files) + "/"):
            raise FileNotFoundError(name)
        with open(name, "rb") as file:
            return "200 OK", file.read()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return "404 Not Found", b"nothing here\n"


async def http(reader, writer, files=None):
    local, peer = writer.get_extra_info("sockname"), writer.get_extra_info("peername")
    tls = writer.get_extra_info("ssl_object")
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        path = head[0].split(" ")[1]
        headers = {k.lower(): v.strip() for k, _, v in (h.partition(":") for h in head[1:] if h)}
        if "sec-websocket-key" in headers:
            await websocket_echo(reader, writer, headers["sec-websocket-key"])
            return
        if files and path.startswith("/files/"):
            status, body = file_answer(files, path)
            kind = "text/html" if path.endswith("/") else "application/octet-stream"
        else:
            status, kind = "200 OK", "application/json"
            body = (json.dumps({"server": f"{local[0]}:{local[1]}", "path": path, "peer": peer[0],
                                "host": headers.get("host", ""),
                                "name": getattr(tls, "server_hostname_asked", "")}) + "\n").encode()
        writer.write(f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n"
                     f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()


def guarded(handler):
    async def run(reader, writer):
        try:
            await handler(reader, writer)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, OSError,
                IndexError):
            pass  # the peer went away or talks something else: its connection ends, that is all
        finally:
            writer.close()
    return run


async def main(args):
    options = [a.partition("=")[::2] for a in args]
    certs = next((v for k, v in options if k == "certs"), None)
    files = next((v for k, v in options if k == "files"), None)
    web = functools.partial(http, files=files)
    handlers = {"tls": web, "http": web, "echo": echo}
    servers = []
    for kind, where in options:
        if kind in ("certs", "files"):
            continue
        address, port = where.rsplit(":", 1)
        servers.append(await asyncio.start_server(
            guarded(handlers[kind]), address, int(port), backlog=1024,
            ssl=tls_context(certs) if kind == "tls" else None))
    print("ready", flush=True)
    await asyncio.gather(*(s.serve_forever() for s in servers))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
