"""An engine that makes nothing and remembers everything: what was asked for is what inspect shows,
and it always runs. With it hundreds of unchanged tenants cost their bookkeeping only."""

import hashlib
import json
import re
import socketserver
import threading
from http.server import BaseHTTPRequestHandler


def new_id(text):
    return hashlib.sha256(text.encode()).hexdigest()


class State:
    def __init__(self, images, info, version):
        self.images, self.info, self.version = images, info, version
        self.networks, self.containers = {}, {}  # name: reply as bytes
        self.ids = {}  # id: name
        self.lock = threading.Lock()

    def add_network(self, body):
        reply = dict(body, Id=new_id("net" + body["Name"]), Scope="local", Containers={})
        self.networks[body["Name"]] = json.dumps(reply).encode()
        self.ids[reply["Id"]] = body["Name"]
        return reply["Id"]

    def add_container(self, name, body):
        host, endpoints = body.pop("HostConfig"), body.pop("NetworkingConfig", {})
        networks = endpoints.get("EndpointsConfig", {})
        reply = {"Id": new_id("con" + name), "Name": "/" + name, "Image": body["Image"],
                 "Created": "2026-01-01T00:00:00Z", "Config": body, "HostConfig": host,
                 "State": {"Status": "running", "Running": True, "Pid": 0, "ExitCode": 0,
                           "StartedAt": "2026-01-01T00:00:00Z"},
                 "NetworkSettings": {"Networks": networks}}
        for endpoint in networks.values():
            endpoint["IPAddress"] = endpoint.get("IPAMConfig", {}).get("IPv4Address", "")
        self.containers[name] = json.dumps(reply).encode()
        self.ids[reply["Id"]] = name
        return reply["Id"]

    def connect(self, network, container, endpoint):
        name = self.ids.get(container, container)
        reply = json.loads(self.containers[name])
        endpoint["IPAddress"] = endpoint.get("IPAMConfig", {}).get("IPv4Address", "")
        reply["NetworkSettings"]["Networks"][network] = endpoint
        self.containers[name] = json.dumps(reply).encode()

    def row(self, name):
        c = json.loads(self.containers[name])
        return {"Id": c["Id"], "Names": [c["Name"]], "Image": c["Image"], "ImageID": c["Image"],
                "State": "running", "Status": "Up", "Created": 1, "Labels": c["Config"]["Labels"]}

    def get(self, path):
        path = re.sub(r"^/v[\d.]+", "", path).split("?")[0]
        if path == "/info":
            return self.info
        if path == "/networks":
            return b"[" + b",".join(self.networks.values()) + b"]"
        if path == "/containers/json":
            return json.dumps([self.row(name) for name in self.containers]).encode()
        kind, _, ref = path[1:].partition("/")
        ref = ref.removesuffix("/json")
        ref = self.ids.get(ref, ref)
        return {"networks": self.networks, "containers": self.containers,
                "images": self.images}.get(kind, {}).get(ref)

    def post(self, path, body):
        path, _, query = re.sub(r"^/v[\d.]+", "", path).partition("?")
        if path == "/networks/create":
            return 201, json.dumps({"Id": self.add_network(body), "Warning": ""}).encode()
        if path == "/containers/create":
            name = query.partition("name=")[2]
            return 201, json.dumps({"Id": self.add_container(name, body), "Warnings": []}).encode()
        if path.endswith("/connect"):
            self.connect(path.split("/")[2], body["Container"], body["EndpointConfig"])
            return 200, b""
        return 204, b""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one write for each reply

    def answer(self, status, data):
        self.send_response_only(status)
        self.send_header("Server", "Docker/bench (linux)")
        self.send_header("Api-Version", self.server.state.version)
        if status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(data)
        self.wfile.flush()

    def do_HEAD(self):
        self.answer(200, b"")

    def do_GET(self):
        data = self.server.state.get(self.path)
        if data is None:
            self.answer(404, b'{"message":"no such thing"}')
        else:
            self.answer(200, data)

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        data = self.rfile.read(length)
        with self.server.state.lock:
            self.answer(*self.server.state.post(self.path, json.loads(data) if data else None))

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, path, state):
        super().__init__(path, Handler)
        self.state = state
        threading.Thread(target=self.serve_forever, daemon=True).start()
