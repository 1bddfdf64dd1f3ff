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
    parser.add_argument("--page", action="store_true", help="write docs/conformance.md from the results that are kept")
    options = parser.parse_args()
    if not options.page:
        conformance.run(conformance.files(options.places), options.results, options.jobs, options.seconds)
    results = conformance.read(options.results)
    print(conformance.table(results))
    if options.page or not options.places:
        _PAGE.write_text(conformance.page(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
