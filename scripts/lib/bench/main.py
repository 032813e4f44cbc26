"""Runs the rows asked for and writes the table; started by scripts/bench."""

import argparse
import sys

from measure import Table, machine
from route import RouteBench
from rows import Bench

ROWS = ("start", "list", "create", "share", "apply", "verify", "route", "plan")


def arguments():
    parser = argparse.ArgumentParser()
    for name in ("tenantctl", "socket", "work", "compose", "engine", "client", "out", "lab", "lab-net"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--tenants", type=int, required=True)
    parser.add_argument("rows", nargs="*", default=[])
    options = parser.parse_args()
    unknown = [row for row in options.rows if row not in ROWS]
    if unknown:
        sys.exit(f"bench: no row '{unknown[0]}'; there are: {' '.join(ROWS)}")
    options.rows = options.rows or list(ROWS)
    return options


def main():
    options = arguments()
    table = Table()
    facts = [machine(), f"engine {options.engine}, docker command line {options.client}",
             "medians; contestants take turns on the same engine" +
             (" (quick: too few runs to quote)" if options.quick else "")]
    rows = set(options.rows)
    bench = Bench(options, table)
    if "start" in rows:
        bench.start()
    if rows & {"list", "create", "share"}:
        bench.one(rows)
    if rows & {"list", "apply", "verify"}:
        bench.many(rows)
    if "route" in rows:
        RouteBench(bench, options.lab, options.lab_net).run()
    if "plan" in rows:
        bench.plan()
    text = table.markdown(facts)
    with open(options.out, "w", encoding="utf-8") as f:
        f.write(text)
    print()
    print(text, end="")


main()
