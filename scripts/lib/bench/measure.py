"""Timing, medians and the table. Rows are measured in turns, A B A B, and what is judged is the
ratio of their medians: the machine may be busy, but it is equally busy for both."""

import os
import platform
import statistics
import subprocess
import time


def run(argv, check=True, **more):
    """Runs a command without its output; returns seconds."""
    began = time.perf_counter()
    done = subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **more)
    seconds = time.perf_counter() - began
    if check and done.returncode:
        tail = "\n".join(done.stderr.splitlines()[-5:])
        raise RuntimeError(f"{' '.join(argv[:6])}...: status {done.returncode}\n{tail}")
    return seconds


def turns(count, contestants, warm_up=True):
    """contestants: {name: function returning seconds}. Every second turn goes backwards, so that
    none always follows the same other. Returns {name: [seconds, ...]}."""
    times = {name: [] for name in contestants}
    names = list(contestants)
    for turn in range(-1 if warm_up else 0, count):
        for name in names if turn % 2 == 0 else reversed(names):
            seconds = contestants[name]()
            if turn >= 0:
                times[name].append(seconds)
    return times


def median(values):
    return statistics.median(values)


def text(seconds):
    if seconds < 0.0995:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


class Table:
    def __init__(self):
        self.rows = []

    def ratio(self, what, ours, peer, theirs, goal, note=""):
        value = median(ours) / median(theirs)
        self.rows.append((what, text(median(ours)), f"{peer}: {text(median(theirs))}",
                          f"{value:.3f}" if value < 0.1 else f"{value:.2f}", f"≤ {goal} ×",
                          "met" if value <= goal else "not met", f"{len(ours)} runs. {note}".strip()))
        self.tell()

    def limit(self, what, value, shown, goal, shown_goal, note=""):
        self.rows.append((what, shown, "–", "–", shown_goal, "met" if value <= goal else "not met",
                          note))
        self.tell()

    def fact(self, what, shown, peer="–", note=""):
        self.rows.append((what, shown, peer, "–", "–", "–", note))
        self.tell()

    def absent(self, what, why):
        self.rows.append((what, "–", "–", "–", "–", "not measured", why))
        self.tell()

    def tell(self):
        print("  " + " | ".join(self.rows[-1][:6]), flush=True)

    def markdown(self, facts):
        head = ("what", "tenantctl", "against", "ratio", "goal", "verdict", "note")
        lines = ["# Measured by `make bench`", ""]
        lines += [f"- {fact}" for fact in facts]
        lines += ["", "| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        return "\n".join(lines) + "\n"


def machine():
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        for line in cpuinfo:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    load = os.getloadavg()[0]
    return (f"Linux {platform.release()}, {os.cpu_count()} processors ({model}), "
            f"load {load:.1f} when measuring began")
