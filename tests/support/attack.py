#!/usr/bin/python3
"""Sends the requests of a table through credential routes and judges what came of each.

usage: attack.py GATEWAY SET RECORD TABLE...
       attack.py leaks SET FILE...      lines of FILE that hold a key of SET, in any form
       attack.py check SET RECORD       requests in RECORD that have another key than they should

GATEWAY is ADDRESS:PORT; SET the gateway's set of files, with the keys; RECORD what upstream.py
writes. Prints "pass|fail, TAB, name, TAB, why" for each row. A row of a table (JSON) has
  name
  send      the bytes of a connection, latin-1; or method, path, headers ("Name: value"), body,
            from which they are made (method GET, headers with "Host: gateway" before them)
  status    of the answer, or a list of them when there are several; [] none, the end; default 200
  reason    in the JSON body of (the first of) them that is refused
  seen      what the upstream gets: "METHOD TARGET", a list of them, or a number;
            default: nothing when the (first) status is 400 or above, else one request
  route     whose key it gets; default: the first part of the path
  has, lacks        texts that the head of each request has, or has not (in any case)
  body_seen         text that is the body that the upstream gets
  answer, answer_lacks    texts in all the bytes that come back
Always: what the upstream sees has exactly the key of that route and no other, the host of that
route, and nothing of what routes drop; what comes back has no key in it, in any form.
"""
import json
import re
import socket
import sys
import time

sys.dont_write_bytecode = True
import forms  # noqa: E402

DROPPED = re.compile(r"(authorization|proxy-authorization|x-forwarded-.*|forwarded|via|x-real-ip|"
                     r"x-tenant|x-http-method-override|x-original-url|x-rewrite-url|"
                     r"accept-encoding|accept-charset|te|trailer|keep-alive|proxy-connection|"
                     r"http2-settings|expect|x-api-key|x-account)$")
HEADERS = {"three": [("x-api-key", 0), ("x-account", 1)], "query": [], "token-query": []}
QUERIES = {"three": ("sig", 2), "query": ("api.key", 0), "token-query": ("api.key", 0)}
QUIET = 0.04  # seconds in which what was let through by mistake would have arrived


class Keys:
    def __init__(self, folder):
        with open(folder + "/keys", encoding="ascii") as file:
            self.values = dict(line.rstrip("\n").split(" ", 1) for line in file)
        with open(folder + "/echo", encoding="ascii") as file:
            self.forms = [line.rstrip("\n") for line in file]
        with open(folder + "/haproxy.cfg", encoding="ascii") as file:
            text = file.read()
        # What follows "canary" is the same for all keys of a set.
        self.forms += forms.of("canary/")
        self.hosts = dict(re.findall(r"^backend route_(\S+)$.*?set-header Host (\S+)$", text,
                                     re.M | re.S))

    def found_in(self, text):
        return next((f for f in self.forms if f in text), None)

    def problem(self, route, request):
        """What is wrong with what the upstream of `route` saw."""
        allowed = HEADERS.get(route, [("authorization", 0)])
        want = [(name, self.values[f"{route}.{i}"]) for name, i in allowed]
        got = [(k.lower(), v) for k, v in request["headers"] if DROPPED.match(k.lower())]
        if sorted(got) != sorted(want):
            return f"headers {got} instead of {want}"
        if [v for k, v in request["headers"] if k.lower() == "host"] != [self.hosts[route]]:
            return f"host is not {self.hosts[route]}"
        # Connections are kept per name, though all names lead to one address.
        if request["sni"] not in (None, self.hosts[route].partition(":")[0]):
            return f"a connection that was made for {request['sni']}"
        query = request["target"].partition("?")[2]
        if route in QUERIES:
            name, i = QUERIES[route]
            pairs = [p for p in re.split("[&;]", query)
                     if p.partition("=")[0].lower() == name]
            if pairs != [f"{name}={self.values[f'{route}.{i}']}"]:
                return f"query {query}"
        elif self.found_in(query):
            return f"a key in the query {query}"
        body = request.get("body", "")
        return f"a key in the body {body}" if self.found_in(body) else None


class Record:
    """The upstream's notes from here on."""

    def __init__(self, name):
        self.file = open(name, encoding="ascii")
        self.file.seek(0, 2)
        self.requests, self.rest, self.junk = [], "", ""

    def read(self):
        self.rest += self.file.read()
        *lines, self.rest = self.rest.split("\n")
        for entry in map(json.loads, lines):
            if entry["event"] == "request":
                self.requests.append(entry)
            elif entry["event"] == "junk":
                self.junk += entry["head"]
            elif entry["event"] == "body" and self.requests:
                self.requests[-1].update(body=entry["body"], size=entry["size"])

    def after(self, count):
        """All requests since the last call: waits for `count`, and then for more."""
        end = time.monotonic() + 3
        self.read()
        while len(self.requests) < count and time.monotonic() < end:
            time.sleep(0.01)
            self.read()
        time.sleep(QUIET)
        self.read()
        seen, self.requests = self.requests, []
        return seen


def request_of(row):
    if "send" in row:
        return row["send"].encode("latin-1")
    body = row.get("body", "").encode("latin-1")
    headers = list(row.get("headers", []))
    if not any(h.lower().startswith("host:") for h in headers):
        headers.insert(0, "Host: gateway")
    if body and not any(h.lower().startswith(("content-length:", "transfer-")) for h in headers):
        headers.append(f"Content-Length: {len(body)}")
    lines = [f"{row.get('method', 'GET')} {row['path']} HTTP/1.1", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def answers_in(data, method):
    """Complete answers, as (status, body); informational ones are left out."""
    found = []
    while match := re.match(rb"HTTP/1\.1 (\d{3})[^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n", data):
        status, rest = int(match[1]), data[match.end():]
        length = re.search(rb"^content-length: *(\d+)", match[2], re.M | re.I)
        if status < 200 and status != 101:
            data = rest
            continue
        size = 0
        if method == "HEAD" or status in (101, 204, 304):
            pass
        elif length:
            size = int(length[1])
        elif b"chunked" in match[2].lower():
            end = re.search(rb"(?:^|\r\n)0\r\n(?:[^\r\n]+\r\n)*\r\n", rest)
            size = end.end() if end else len(rest) + 1
        if size > len(rest):
            break
        found.append((status, rest[:size]))
        data = rest[size:]
    return found


def exchange(address, data, count, method):
    """All that comes back: until there are `count` answers, and what follows them at once."""
    got, end = b"", time.monotonic() + 12
    with socket.create_connection(address, timeout=3) as s:
        try:
            s.sendall(data)
            while time.monotonic() < end:
                done = count > 0 and len(answers_in(got, method)) >= count
                s.settimeout(QUIET if done else max(0.01, end - time.monotonic()))
                part = s.recv(65536)
                if not part:
                    break
                got += part
        except (TimeoutError, ConnectionError):
            pass
    return got


def as_list(value):
    return value if isinstance(value, list) else [value]


def judge_answers(row, got, keys):
    statuses = as_list(row.get("status", 200))
    answers = answers_in(got, row.get("method"))
    text = got.decode("latin-1")
    if [a[0] for a in answers] != statuses:
        return f"answers {[a[0] for a in answers]}, expected {statuses}: {text[:300]!r}"
    if form := keys.found_in(text):
        return f"the answer has {form!r}: {text[:300]!r}"
    if "reason" in row:
        try:
            body = next(json.loads(b) for s, b in answers if s >= 400)
        except ValueError:
            return f"no JSON: {text[:300]!r}"
        if body["reason"] != row["reason"] or body["tenant"] != "acme-dental":
            return f"answered with {body}"
    for want in as_list(row.get("answer", [])):
        if want not in text:
            return f"no {want!r} in the answer {text[:300]!r}"
    for bad in as_list(row.get("answer_lacks", [])):
        if bad.lower() in text.lower():
            return f"{bad!r} in the answer {text[:300]!r}"
    return None


def expected_requests(row):
    statuses = as_list(row.get("status", 200))
    seen = row.get("seen", 1 if statuses and statuses[0] < 400 else 0)
    return seen if isinstance(seen, (int, list)) else [seen]


def judge_requests(row, seen, keys):
    want = expected_requests(row)
    got = [f"{r.get('method')} {r.get('target')}" for r in seen]
    if (len(got) if isinstance(want, int) else got) != want:
        return f"the upstream saw {got}, expected {want}"
    route = row.get("route")
    if not route and seen:
        path = row.get("path") or row["send"].split(" ")[1]
        route = path.split("?")[0].split("/")[1]
    for request in seen:
        if problem := keys.problem(route, request):
            return f"the upstream saw {problem}"
        head = request["head"].lower()
        for text in as_list(row.get("has", [])):
            if text.lower() not in head:
                return f"no {text!r} in what the upstream saw: {head!r}"
        for text in as_list(row.get("lacks", [])):
            if text.lower() in head:
                return f"{text!r} in what the upstream saw: {head!r}"
        if "body_seen" in row and request.get("body") != row["body_seen"]:
            return f"the upstream got the body {request.get('body')!r}"
    return None


def attack(gateway, folder, record, tables):
    host, port = gateway.rsplit(":", 1)
    keys, notes = Keys(folder), Record(record)
    for table in tables:
        with open(table, encoding="utf-8") as file:
            rows = json.load(file)
        for row in rows:
            want, statuses = expected_requests(row), as_list(row.get("status", 200))
            got = exchange((host, int(port)), request_of(row), len(statuses), row.get("method"))
            seen = notes.after(want if isinstance(want, int) else len(want))
            why = judge_answers(row, got, keys) or judge_requests(row, seen, keys)
            if keys.found_in(notes.junk):
                why = "a key went out before the handshake"
            print("fail" if why else "pass", row["name"], why or "", sep="\t", flush=True)


def leaks(folder, files):
    keys, found = Keys(folder), 0
    for name in files:
        with open(name, encoding="latin-1") as file:
            for line in file:
                if keys.found_in(line):
                    print(f"{name}: {line.rstrip()[:300]}")
                    found += 1
    return found


def check(folder, record):
    """Several routes may lead to one host: a request must be right for one of them."""
    keys, wrong = Keys(folder), 0
    with open(record, encoding="ascii") as file:
        requests = [e for e in map(json.loads, file) if e["event"] == "request"]
    for request in requests:
        host = next((v for k, v in request["headers"] if k.lower() == "host"), None)
        problems = [keys.problem(route, request) for route, at in keys.hosts.items()
                    if at == host and f"{route}.0" in keys.values]
        if not problems or all(problems):
            print(f"{host} {request['method']} {request['target']}: {problems}")
            wrong += 1
    print(f"{len(requests)} requests")
    return wrong or not requests


if __name__ == "__main__":
    if sys.argv[1] == "check":
        sys.exit(1 if check(*sys.argv[2:]) else 0)
    if sys.argv[1] == "leaks":
        sys.exit(1 if leaks(sys.argv[2], sys.argv[3:]) else 0)
    attack(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
