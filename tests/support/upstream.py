#!/usr/bin/python3
"""Upstream of credential routes in tests: an HTTP API over TLS that writes down what reaches it.

usage: upstream.py record=FILE [certs=DIR] KIND=ADDRESS:PORT...
  tls    HTTP/1.1 over TLS, with the certificate DIR/NAME.pem of the name that is asked for
  http   the same without TLS (behind something that speaks TLS or HTTP/2)
  junk   says something that is not TLS, and writes down what it is sent

FILE gets one JSON line per connection, one per request as soon as its head is there (the head
as it came, the headers, the name asked for in TLS, the peer), one per body (size, digest,
beginning, trailers).

What is answered depends on the path's first part; by default it says what was asked, without
headers. "Repeat" means: the whole head of the request, with whatever key is in it.
  /status/N /error/N /error-chunked/N     N, the last two repeat in the body
  /echo /echo-chunked /echo-base64 /echo-hex /echo-url     200, repeat in the body
    All that repeat in the body are an event stream when that is asked for; /echo has ranges.
  /echo-header /echo-cookie /echo-location /echo-reason /echo-early /echo-trailer /echo-auth
  /zeros/N     a range of N bytes
  /redirect/N /cookie /bytes/N /chunked/N /slow/MS /sse/N /ws /close /half /hang /twice
  /v1/chat/completions /v1/messages /v1/models     as client libraries of AI vendors expect
"""
import asyncio
import base64
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import sys
import urllib.parse

here = os.path.dirname(os.path.abspath(__file__))
loader = importlib.machinery.SourceFileLoader("lab_server", os.path.join(here, "lab-server.py"))
lab = importlib.util.module_from_spec(importlib.util.spec_from_loader("lab_server", loader))
loader.exec_module(lab)

ELSEWHERE = "https://elsewhere.example.net/landing"
VENDOR_PATHS = ("/v1/chat/completions", "/v1/messages", "/v1/models")
PIECE = b"0123456789abcdef" * 4096


class Request:
    def __init__(self, head):
        self.head = head
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, self.version = (lines[0].split(" ") + ["", ""])[:3]
        self.headers = [[k, v.strip(" \t")] for k, _, v in
                        (line.partition(":") for line in lines[1:] if line)]
        self.path = self.target.partition("?")[0]
        self.parts = self.path.strip("/").split("/")
        self.digest, self.size, self.start, self.trailers = hashlib.sha256(), 0, b"", []

    def get(self, name):
        return next((v for k, v in self.headers if k.lower() == name), None)

    def number(self, default=0):
        return int(self.parts[1]) if len(self.parts) > 1 and self.parts[1].isdigit() else default

    def take(self, data):
        self.digest.update(data)
        self.size += len(data)
        self.start += data[: max(0, 4096 - len(self.start))]


async def read_body(reader, writer, request):
    if (request.get("expect") or "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if "chunked" in (request.get("transfer-encoding") or "").lower():
        while size := int((await reader.readline()).split(b";")[0], 16):
            request.take(await reader.readexactly(size))
            await reader.readexactly(2)
        while (line := await reader.readline()).strip():
            request.trailers.append(line.decode("latin-1").strip())
        return
    left = int(request.get("content-length") or 0)
    while left:
        data = await reader.read(min(left, 1 << 16))
        if not data:
            raise ConnectionError("half a body")
        left -= len(data)
        request.take(data)


class Upstream:
    def __init__(self, file):
        self.file = file

    def note(self, event, writer, **fields):
        tls, peer = writer.get_extra_info("ssl_object"), writer.get_extra_info("peername")
        local = writer.get_extra_info("sockname")
        entry = {"event": event, "peer": peer[0], "local": f"{local[0]}:{local[1]}",
                 "sni": getattr(tls, "server_hostname_asked", None),
                 "tls": tls.version() if tls else None, **fields}
        print(json.dumps(entry), file=self.file, flush=True)

    async def serve(self, reader, writer):
        self.note("connection", writer)
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            request = Request(head[:-4])
            self.note("request", writer, head=request.head.decode("latin-1"),
                      method=request.method, target=request.target, headers=request.headers)
            try:
                await read_body(reader, writer, request)
            finally:
                self.note("body", writer, target=request.target, size=request.size,
                          sha256=request.digest.hexdigest(),
                          body=request.start.decode("latin-1"), trailers=request.trailers)
            if not await self.answer(reader, writer, request):
                return

    async def junk(self, reader, writer):
        writer.write(b"220 welcome, this is not TLS\r\n")
        data = await reader.read(4096)
        self.note("junk", writer, head=data.decode("latin-1"))

    async def answer(self, reader, writer, request):
        """Answers; True when the connection goes on."""
        name = request.parts[0].replace("-", "_")
        special = getattr(self, "on_" + name, None)
        if special:
            return await special(reader, writer, request)
        if name.startswith("echo") or name in ("error", "error_chunked"):
            self.repeat(writer, name, request, request.number(401))
        elif name == "zeros":
            self.send_range(writer, request, bytes(request.number()))
        elif name == "status":
            self.send(writer, request.number(200), b'{"plain":true}\n')
        elif name == "redirect":
            self.send(writer, request.number(302), b"", Location=ELSEWHERE)
        elif name == "cookie":
            self.send(writer, 200, b"{}\n", Set_Cookie="session=of-the-upstream; Path=/; HttpOnly")
        elif request.path in VENDOR_PATHS:
            return await self.vendor(writer, request)
        else:
            self.send(writer, 200, json.dumps(
                {"method": request.method, "path": request.path, "size": request.size,
                 "sha256": request.digest.hexdigest(), "start": request.start[:200].decode("latin-1")
                 }).encode() + b"\n", Content_Type="application/json")
        await writer.drain()
        return (request.get("connection") or "").lower() != "close"

    @staticmethod
    def send(writer, status, body, chunked=False, reason="Whatever", **headers):
        lines = [f"HTTP/1.1 {status} {reason}"]
        lines += [f"{k.replace('_', '-')}: {v}" for k, v in headers.items()]
        if not chunked:
            if status != 204 and status != 304:
                lines.append(f"Content-Length: {len(body)}")
            writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
            return
        writer.write("\r\n".join(lines + ["Transfer-Encoding: chunked"]).encode("latin-1") +
                     b"\r\n\r\n" + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))

    def send_range(self, writer, request, body):
        """The part that is asked for, or of several the first one."""
        begin, end = map(int, request.get("range").partition("=")[2].split(",")[0].split("-"))
        if "," in request.get("range"):
            self.send(writer, 206, b"--part\r\n\r\n" + body[begin : end + 1] + b"\r\n--part--\r\n",
                      Content_Type="multipart/byteranges; boundary=part")
        else:
            self.send(writer, 206, body[begin : end + 1],
                      Content_Range=f"bytes {begin}-{end}/{len(body)}")

    def repeat(self, writer, name, request, status):
        head, kind = request.head, {}
        if "event-stream" in (request.get("accept") or ""):
            kind["Content_Type"] = request.get("accept")
        text = head.decode("latin-1").replace("\r\n", " | ")
        if name in ("error", "error_chunked"):
            self.send(writer, status, b"you sent: " + head, name == "error_chunked", **kind)
        elif name == "echo_header":
            self.send(writer, 200, b"", X_Debug="saw " + text)
        elif name == "echo_cookie":
            self.send(writer, 200, b"", Set_Cookie="debug=" + urllib.parse.quote(text, safe=""))
        elif name == "echo_location":
            self.send(writer, 302, b"", Location="https://gateway.example.net/?" +
                      urllib.parse.quote(text))
        elif name == "echo_reason":
            self.send(writer, 400, b"{}", reason="bad " + text)
        elif name == "echo_auth":
            self.send(writer, 200, b"{}", Authorization="Basic bm90IGl0", X_Fine="yes")
        elif name == "echo_early":
            writer.write(b"HTTP/1.1 103 Early Hints\r\nX-Debug: " + text.encode("latin-1") +
                         b"\r\n\r\n")
            self.send(writer, 200, b"{}")
        elif name == "echo_trailer":
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Debug\r\n"
                         b"\r\n2\r\n{}\r\n0\r\nX-Debug: " + text.encode("latin-1") + b"\r\n\r\n")
        else:
            form = {"echo_base64": base64.b64encode, "echo_hex": lambda b: b.hex().encode(),
                    "echo_url": lambda b: urllib.parse.quote(b, safe="").encode()}
            # Values alone: an encoding of the whole head would not show that of the key.
            lines = head.split(b"\r\n")
            words = lines[0].split(b" ") + [word for line in lines[1:]
                                            for word in line.partition(b": ")[2].split(b" ")]
            body = b"\n".join(form.get(name, bytes)(word) for word in words)
            if request.get("range"):
                self.send_range(writer, request, body)
            else:
                self.send(writer, 200, body, name == "echo_chunked", **kind)

    async def on_ws(self, _reader, writer, request):
        await lab.websocket_echo(_reader, writer, request.get("sec-websocket-key") or "")

    async def on_close(self, *_):
        return False

    async def on_half(self, _reader, writer, _request):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
        await writer.drain()
        return False

    async def on_hang(self, *_):
        await asyncio.sleep(600)

    async def on_twice(self, _reader, writer, _request):
        """Two answers to one request: the second must not become that of the next."""
        self.send(writer, 200, b"first")
        self.send(writer, 200, b"second")
        await writer.drain()
        return True

    async def on_slow(self, _reader, writer, request):
        await asyncio.sleep(request.number() / 1000)
        self.send(writer, 200, b"slow\n")
        return True

    async def on_bytes(self, _reader, writer, request, chunked=False):
        left = request.number()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n" + (
            b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % left) +
            b"\r\n\r\n")
        while left:
            data = PIECE[: min(left, len(PIECE))]
            writer.write(b"%x\r\n%s\r\n" % (len(data), data) if chunked else data)
            await writer.drain()
            left -= len(data)
        if chunked:
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    async def on_chunked(self, reader, writer, request):
        return await self.on_bytes(reader, writer, request, True)

    async def on_sse(self, _reader, writer, request):
        """Bytes of one event, each on its own, 50 ms apart."""
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\n")
        for byte in b"data: hello\n\n" * request.number(1):
            writer.write(b"1\r\n%c\r\n" % byte)
            await writer.drain()
            await asyncio.sleep(0.05)
        writer.write(b"0\r\n\r\n")
        return True

    async def vendor(self, writer, request):
        try:
            asked = json.loads(request.start or b"{}")
        except ValueError:
            asked = {}
        kind = request.path[len("/v1/"):]
        say = "hello from the upstream"
        if kind == "chat/completions" and asked.get("stream"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                         b"Transfer-Encoding: chunked\r\n\r\n")
            for word in say.split(" ") + [None]:
                event = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m",
                         "choices": [{"index": 0, "finish_reason": None if word else "stop",
                                      "delta": {"content": word + " "} if word else {}}]}
                data = b"data: " + json.dumps(event).encode() + b"\n\n"
                writer.write(b"%x\r\n%s\r\n" % (len(data), data))
                await writer.drain()
                await asyncio.sleep(0.02)
            writer.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
            return True
        answers = {
            "chat/completions": {"id": "c1", "object": "chat.completion", "created": 1, "model": "m",
                                 "choices": [{"index": 0, "finish_reason": "stop", "message": {
                                     "role": "assistant", "content": say}}],
                                 "usage": {"prompt_tokens": 1, "completion_tokens": 1,
                                           "total_tokens": 2}},
            "messages": {"id": "msg_1", "type": "message", "role": "assistant", "model": "m",
                         "content": [{"type": "text", "text": say}], "stop_reason": "end_turn",
                         "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}},
            "models": {"object": "list", "data": [{"id": "m", "object": "model", "created": 1,
                                                   "owned_by": "lab"}]},
        }
        self.send(writer, 200, json.dumps(answers[kind]).encode(), Content_Type="application/json")
        return True


async def main(args):
    options = [a.partition("=")[::2] for a in args]
    certs = next((v for k, v in options if k == "certs"), None)
    record = next(v for k, v in options if k == "record")
    with open(record, "a", encoding="ascii") as file:
        upstream, servers = Upstream(file), []
        for kind, where in options:
            if kind in ("certs", "record"):
                continue
            address, port = where.rsplit(":", 1)
            servers.append(await asyncio.start_server(
                lab.guarded(upstream.junk if kind == "junk" else upstream.serve), address,
                int(port), backlog=1024, limit=1 << 18,
                ssl=lab.tls_context(certs) if kind == "tls" else None))
        print("ready", flush=True)
        await asyncio.gather(*(s.serve_forever() for s in servers))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
