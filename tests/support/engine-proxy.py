#!/usr/bin/python3
"""An engine that lies: passes requests on and changes, with a jq filter, replies to GET and bodies of
POST of one path.

usage: engine-proxy.py SOCKET ENGINE-SOCKET PATH FILTER
    PATH without the version, a regular expression: /info, /containers/[0-9a-f]+/json
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

    def changed(self, text):
        if not text or not re.fullmatch(lied_path, re.sub(r"^/v[0-9.]+|\?.*$", "", self.path)):
            return text
        return subprocess.run(["jq", "-c", jq_filter], input=text, check=True,
                              stdout=subprocess.PIPE).stdout

    def do_GET(self):
        connection = Engine("engine")
        sent = self.changed(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        headers = {k: v for k, v in self.headers.items() if k.lower() != "content-length"}
        connection.request(self.command, self.path, body=sent or None, headers=headers)
        reply = connection.getresponse()
        body = reply.read()
        if self.command == "GET":
            body = self.changed(body)
        self.send_response(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_POST = do_DELETE = do_GET

    def log_message(self, *arguments):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


with Server(listen, Handler) as server:
    print("ready", flush=True)
    server.serve_forever()
