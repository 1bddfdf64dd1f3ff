"""Run the tests in Keras' wheel against Tricera: `python -m tests.upstream [folder or file ...]`."""

import argparse
import sys
from pathlib import Path

from tests.upstream import conformance

_PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.upstream", description=__doc__)
    parser.add_argument("places", nargs="*", help="folders or files below keras/src; all of them by default")
    parser.add_argument("-j", "--jobs", type=int, default=2, help="test files at once")
    parser.add_argument("--seconds", type=int, default=900, help="the longest that a file may take")
    parser.add_argument("--results", type=Path, default=Path(".cache/upstream"), help="where results are kept")
    parser.add_argument("--kept", action="store_true", help="run nothing; count all results that are kept")
    parser.add_argument("--expect", action="store_true", help="note the failures as the expected ones")
    options = parser.parse_args()
    paths = None
    if not options.kept:
        paths = conformance.files(options.places)
        conformance.run(paths, options.results, options.jobs, options.seconds)
    results = conformance.read(options.results, paths)
    print(conformance.table(conformance.counts(results)))
    if options.expect:
        conformance.write_expected(results)
    _PAGE.write_text(conformance.page(conformance.record(results)))
    new, passed = conformance.surprises(results)
    for title, names in (("fail, and are not expected to", new), ("pass, and are to be taken off the list", passed)):
        if names:
            print("\n".join([f"These {title}:", *names]))
    return bool(new or passed)


if __name__ == "__main__":
    sys.exit(main())
