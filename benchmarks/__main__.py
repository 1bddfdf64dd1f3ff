"""`python -m benchmarks`: time Tricera beside its peers; a whole run writes `docs/benchmarks.md` and its chart."""

import argparse
import shlex
import sys
from pathlib import Path

from benchmarks.page import chart, page, ratios, table
from benchmarks.peers import BY_NAME, PEERS
from benchmarks.rounds import ROOT, Bench, chosen


def main(arguments: list[str]) -> None:
    given = _parse(arguments)
    peers = [BY_NAME[name] for name in given.peers or (peer.name for peer in PEERS if peer.installed)]
    rows = chosen(given.only)
    if not rows:
        sys.exit(f"benchmarks: no work holds {given.only!r} in its name.")
    if missing := [peer.title for peer in PEERS if not peer.installed]:
        print(f"Not installed, left out: {', '.join(missing)}.")
    rounds = given.rounds or (1 if given.quick else 3)
    bench = Bench(peers, rows, given.quick)
    for line in bench.run(rounds):
        print(line, flush=True)
    figures = bench.medians()
    print("\n".join(["", *table(rows, figures, peers), "", *ratios(rows, figures)]))
    partial = given.only or given.peers or given.quick
    if folder := given.write or (None if partial else ROOT / "docs"):
        folder.mkdir(parents=True, exist_ok=True)
        command = shlex.join(["python", "-m", "benchmarks", *arguments])
        (folder / "benchmarks.md").write_text(page(rows, figures, peers, rounds, command))
        chart(rows, figures, peers, folder / "benchmarks.png")
        print(f"\nWritten: {folder / 'benchmarks.md'} and benchmarks.png.")


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", metavar="TEXT", default="", help="works whose name holds this text")
    parser.add_argument("--rounds", metavar="N", type=int, help="runs of each measurement (3; quick: 1)")
    parser.add_argument("--peers", metavar="NAME", nargs="+", choices=BY_NAME, help=f"some of: {', '.join(BY_NAME)}")
    parser.add_argument("--quick", action="store_true", help="fewer epochs, once: to see that it works")
    parser.add_argument("--write", metavar="FOLDER", type=Path, help="write the page of a partial run, too")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
