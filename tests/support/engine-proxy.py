#!/usr/bin/python3
"""An engine that lies: passes requests on and changes the replies to one path with a jq filter.

usage: engine-proxy.py SOCKET ENGINE-SOCKET PATH FILTER      PATH without the version: /info
"""
import http.client
import http.server
import re
import socket
import socketserver
import subprocess
import sys

listen, engine, lied_path, jq_filter = sys.argv[1:]


class Engine(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(engine)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        connection = Engine("engine")
        connection.request("GET", self.path, headers=dict(self.headers))
        reply = connection.getresponse()
        body = reply.read()
        if re.sub(r"^/v[0-9.]+|\?.*$", "", self.path) == lied_path:
            body = subprocess.run(["jq", "-c", jq_filter], input=body, check=True,
                                  stdout=subprocess.PIPE).stdout
        self.send_response(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *arguments):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


with Server(listen, Handler) as server:
    print("ready", flush=True)
    server.serve_forever()
