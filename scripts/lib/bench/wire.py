"""HTTP over a unix socket: one kept connection to an engine, and a recorder between a client and
its engine."""

import http.client
import json
import os
import socket
import threading
import time


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("engine", timeout=120)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Engine:
    def __init__(self, path):
        self.path = path
        self.connection = Connection(path)

    def call(self, method, path, body=None):
        headers = {"Content-Type": "application/json"} if method == "POST" else {}
        self.connection.request(method, path, body=body, headers=headers)
        reply = self.connection.getresponse()
        data = reply.read()
        return reply.status, reply.getheader("Api-Version"), data

    def get(self, path):
        status, _, data = self.call("GET", path)
        if status != 200:
            raise RuntimeError(f"GET {path}: {status} {data[:200]!r}")
        return json.loads(data)


class Recorder:
    """Listens on `path`, passes everything on to `engine` and keeps the requests in the order in
    which they began. Only what tenantctl sends is understood: a Content-Length or no body."""

    def __init__(self, path, engine):
        self.engine = engine
        self.requests = []  # (method, path, body)
        self.lock = threading.Lock()
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.server.bind(path)
        os.chmod(path, 0o600)
        self.server.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.server.accept()
            up = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            up.connect(self.engine)
            threading.Thread(target=self.requests_of, args=(client, up), daemon=True).start()
            threading.Thread(target=pump, args=(up, client), daemon=True).start()

    def requests_of(self, client, up):
        data = b""
        while True:
            head, end, rest = data.partition(b"\r\n\r\n")
            length = 0
            if end:
                for line in head.split(b"\r\n"):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
            if end and len(rest) >= length:
                method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
                with self.lock:
                    self.requests.append((method, path, rest[:length] or None))
                up.sendall(data[: len(head) + 4 + length])
                data = rest[length:]
                continue
            more = client.recv(65536)
            if not more:
                up.shutdown(socket.SHUT_WR)
                return
            data += more


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def replay(engine_path, requests):
    """All calls over one kept connection; containers are addressed by name. Returns seconds."""
    engine = Engine(engine_path)
    began = time.perf_counter()
    for method, path, body in requests:
        status, _, data = engine.call(method, path, body)
        if status >= 400 and not (status == 404 and method == "GET"):
            raise RuntimeError(f"replay: {method} {path}: {status} {data[:200]!r}")
    return time.perf_counter() - began
