"""Python's requests: get, post, a session that keeps its connection, lines of a stream, a refusal."""
import sys

import requests

base, token = sys.argv[1:]
session = requests.Session()
session.headers["Authorization"] = f"Bearer {token}"
got = session.get(f"{base}/llm/things", params={"a": "b c"}).json()
print("get", got["method"], got["path"])
put = session.post(f"{base}/llm/things", json={"hello": "world"}).json()
print("post", put["size"], put["start"])
sent = session.post(f"{base}/llm/things", data=(part for part in [b"one ", b"two ", b"three"])).json()
print("stream", sent["size"], sent["start"])
lines = [line for line in session.get(f"{base}/llm/sse/2", stream=True).iter_lines() if line]
print("events", len(lines))
refused = session.delete(f"{base}/crm/contacts/1")
print("refused", refused.status_code, refused.json()["reason"])
moved = session.get(f"{base}/llm/redirect/302", allow_redirects=False)
print("moved", moved.status_code, moved.headers["Location"])
basic = requests.get(f"{base}/token-basic/x", auth=("api", token))
print("basic", basic.status_code)
