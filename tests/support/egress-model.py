#!/usr/bin/python3
"""Asks a running gateway what the rule model was asked (tests/support/bin/egress-cases).

usage: egress-model.py ask CASES GATEWAY TOKEN >ANSWERS     as the worker, in its network
       egress-model.py compare CASES ANSWERS <LOG           the gateway's log; prints what differs
"""
import base64
import json
import re
import socket
import struct
import sys

TIMEOUT = 5


def records(path):
    with open(path) as file:
        return [json.loads(line) for line in file]


def is_address(host):
    return re.fullmatch(r"[0-9.]+", host) is not None


# ---- as the worker ------------------------------------------------------------------------------

def resolves(gateway, host):
    """Whether the gateway's DNS answers with an address."""
    labels = host.removesuffix(".").split(".")
    if not all(0 < len(label) < 64 for label in labels):
        return False
    question = b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(TIMEOUT)
        s.connect((gateway, 53))
        s.send(struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + question + struct.pack(">2H", 1, 1))
        answer = s.recv(4096)
    flags, _, count = struct.unpack(">3H", answer[2:8])
    return flags & 15 == 0 and count == 1 and answer[-4:] == socket.inet_aton(gateway)


def hello(name):
    """A ClientHello that names any bytes, or nobody."""
    extensions = b"\0\x0a\0\x04\0\x02\0\x17" + b"\0\x0d\0\x04\0\x02\x04\x03"
    if name is not None:
        entry = b"\0" + struct.pack(">H", len(name)) + name
        extensions += struct.pack(">3H", 0, len(entry) + 2, len(entry)) + entry
    body = (b"\x03\x03" + bytes(32) + b"\0" + b"\0\x02\xc0\x2b" + b"\x01\0" +
            struct.pack(">H", len(extensions)) + extensions)
    return b"\x16\x03\x01" + struct.pack(">H", len(body) + 4) + b"\x01" + (
        struct.pack(">I", len(body))[1:]) + body


def exchange(gateway, port, data, whole=False):
    """What comes back: the first bytes, or all; None when nothing listens."""
    try:
        with socket.create_connection((gateway, port), TIMEOUT) as s:
            s.sendall(data)
            answer = s.recv(65536)
            while whole and (more := s.recv(65536)):
                answer += more
            return answer
    except ConnectionRefusedError:
        return None
    except ConnectionResetError:
        return b""


def ask_connection(case, gateway):
    host, kind, port = case["host"], case["kind"], case["port"]
    if is_address(host) and host != gateway:
        try:
            socket.create_connection((host, port), 1).close()
            return {"known": False, "open": True}
        except OSError:
            return {"known": False}
    known = host == gateway or resolves(gateway, host)
    if not known and kind != "tls":
        return {"known": False}
    # A name that is not looked up may be sent to the gateway all the same.
    name = None if is_address(host) else host.encode()
    answer = exchange(gateway, port, hello(name) if kind == "tls" else b"hello\n")
    return {"known": known, "open": answer is not None, "bytes": len(answer or b"")}


def ask_request(case, gateway, token):
    path, headers = case["path"], {"Host": case["host"], "Connection": "close"}
    if case["token"] == "Authorization":
        headers["Authorization"] = f"Bearer {token}"
    elif case["token"] == "basic":
        headers["Authorization"] = "Basic " + base64.b64encode(f"api:{token}".encode()).decode()
    elif case["token"] == "query":
        path += ("&" if "?" in path else "?") + f"key={token}"
    elif case["token"]:
        headers[case["token"]] = token
    if case["method"] in ("POST", "PUT", "DELETE"):
        headers["Content-Length"] = "0"
    head = f"{case['method']} {path} HTTP/1.1\r\n" + "".join(
        f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n"
    answer = exchange(gateway, case["port"], head.encode(), whole=True) or b""
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head.split(b" ", 2)[1].decode() if head.startswith(b"HTTP/") else ""
    try:
        reason = json.loads(body).get("reason", "")
    except ValueError:
        reason = ""
    return {"status": status, "reason": reason}


def ask(cases, gateway, token):
    for case in records(cases):
        answer = (ask_request(case, gateway, token) if case["kind"] == "route" else
                  ask_connection(case, gateway))
        print(json.dumps(answer), flush=True)


# ---- against the model --------------------------------------------------------------------------

def logged(case, lines):
    """Lines of the log that may be about this connection."""
    if case["kind"] == "tcp":
        return [x for x in lines if x["event"] == "tcp" and x["port"] == case["port"]]
    name = "-" if is_address(case["host"]) else case["host"].rstrip(".").lower()
    return [x for x in lines
            if x["event"] == "tls" and x["port"] == case["port"] and x["sni"] == name]


def decision(line):
    return line["verdict"] == "allowed", line["rule"] or "", line["reason"]


def judge_connection(case, answer, lines):
    expected = case["allowed"], case["rule"], case["reason"]
    if answer["known"] != (case["reason"] != "name") and case["kind"] != "tls":
        return "the name's lookup"
    if not answer["known"] and case["reason"] != "name":
        return "a name without an address"
    if case["kind"] == "none" or (case["kind"] == "tcp" and not answer["known"]):
        return "something listens" if answer.get("open") else None
    if is_address(case["host"]) and not answer["known"]:
        return "the address is in reach" if answer.get("open") else None
    found = logged(case, lines)
    if not found:
        return "no line in the log"
    for line in found:
        if decision(line) != expected:
            return f"logged {decision(line)}"
    if (answer["bytes"] > 0) != case["allowed"]:
        return f"{answer['bytes']} bytes came back"
    return None


def judge_request(case, answer, line):
    expected = case["allowed"], case["rule"], case["reason"]
    if line is None or line["method"] != case["method"]:
        return f"another line in the log: {line}"
    if decision(line) != expected:
        return f"logged {decision(line)}"
    if case["allowed"]:
        return None if answer["status"] == "200" else f"status {answer['status']}"
    if case["method"] != "HEAD" and answer["reason"] != case["reason"]:
        return f"answered {answer}"
    return f"status {answer['status']}" if answer["status"] == "200" else None


def compare(cases, answers):
    lines = [json.loads(line) for line in sys.stdin if line.startswith("{")]
    requests = iter([x for x in lines if x["event"] == "route"])
    for case, answer in zip(records(cases), records(answers), strict=True):
        if case["kind"] == "route":
            problem = judge_request(case, answer, next(requests, None))
        else:
            problem = judge_connection(case, answer, lines)
        if problem:
            print(f"{problem}: {json.dumps(case)}")


if __name__ == "__main__":
    {"ask": ask, "compare": compare}[sys.argv[1]](*sys.argv[2:])
