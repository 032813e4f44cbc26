#!/usr/bin/python3
"""Reads a report as others would, and says what is wrong with it.
usage: check-report.py tap|sarif|html FILE"""
import base64
import hashlib
import html.parser
import json
import re
import sys


def tap(text):
    lines = text.splitlines()
    planned = re.fullmatch(r"1\.\.(\d+)", lines[1])
    numbers, block = [], False
    yield "version", lines[0] == "TAP version 13"
    for line in lines[2:]:
        if block or line == "  ---":
            block = line != "  ..."
            yield f"inside a block: {line}", re.fullmatch(r'  (---|\.\.\.|\w+: ".*")', line)
            if line[2:3].isalpha():
                json.loads(line.split(": ", 1)[1])
            continue
        test = re.fullmatch(r"(not )?ok (\d+) - \S+ \S+: .+", line)
        yield f"a test: {line}", test
        numbers.append(int(test[2]))
    yield "plan", numbers == list(range(1, int(planned[1]) + 1)) and numbers


def sarif(text):
    log = json.loads(text)
    run = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    yield "version", log["version"] == "2.1.0" and log["$schema"].startswith("https://")
    yield "results", run["results"] and rules and run["invocations"][0]["executionSuccessful"]
    for result in run["results"]:
        where = result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]
        yield f"{where}: rule", rules[result["ruleIndex"]]["id"] == result["ruleId"]
        yield f"{where}: place", where.endswith("/" + result["ruleId"])
        yield f"{where}: kind", result["kind"] in ("pass", "fail", "notApplicable")
        yield f"{where}: level", (result["level"] == "none") == (result["kind"] != "fail")
        yield f"{where}: message", result["message"]["text"]
    for rule in rules:
        for text in ("shortDescription", "fullDescription", "help"):
            yield f"{rule['id']}: {text}", rule[text]["text"]


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.bad = [], set(), set(), []
        self.counts, self.policy, self.style = {}, "", ""

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        attrs = dict(attrs)
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.ids.add(attrs.get("id"))
        if "href" in attrs:
            self.links.add(attrs["href"])
        if attrs.get("http-equiv") == "Content-Security-Policy":
            self.policy = attrs["content"]
        if tag in ("script", "link", "img", "iframe", "object", "embed", "form", "base"):
            self.bad.append(tag)
        if tag == "th" and "scope" not in attrs:
            self.bad.append("th without scope")
        self.bad += [a for a in attrs if a.startswith("on") or a in ("src", "style")]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.bad.append(f"</{tag}>")

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            self.style += data


def page(text):
    p = Page()
    p.feed(text)
    p.close()
    digest = base64.b64encode(hashlib.sha256(p.style.encode()).digest()).decode()
    yield "first line", text.startswith("<!DOCTYPE html>\n<html lang=\"en\">")
    yield f"harmless and closed: {p.bad} {p.open}", not p.bad and not p.open
    yield f"links: {p.links}", all(l[0] == "#" and l[1:] in p.ids for l in p.links)
    yield "policy", p.policy == (f"default-src 'none'; style-src 'sha256-{digest}'; "
                                 "base-uri 'none'; form-action 'none'")
    yield "style", not re.search(r"url\(|@import|https?:", p.style)
    yield "one heading", p.counts.get("h1") == 1 and p.counts.get("title", 0) >= 1
    yield "details", p.counts.get("details", 0) >= 1


checks = {"tap": tap, "sarif": sarif, "html": page}[sys.argv[1]]
with open(sys.argv[2], encoding="utf-8") as f:
    wrong = [what for what, good in checks(f.read()) if not good]
sys.exit("\n".join(wrong[:10]) or 0)
