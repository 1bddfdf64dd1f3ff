"""Runs every case in one process that watches itself; one line of JSON for each door."""

import json
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

from tests.saving.hostile import arrays, audit, columns, content, doors, folders, numbers
from tricera.errors import SafetyError

MEMORY = 600 << 20


def outcome(call, sandbox):
    """What a door did: its error, what it touched, and what it took."""
    start, before, error, numbers = time.process_time(), audit.peak(), None, None
    with audit.watching(sandbox) as seen:
        try:
            made = call()
            numbers = np.asarray(made(np.ones((1, 4), "float32"))).ravel().tolist() if callable(made) else None
        except Exception as raised:
            error = raised
    return {
        "error": error and f"{type(error).__name__}: {error}",
        "refused": isinstance(error, SafetyError | ValueError | TypeError | NotImplementedError),
        "numbers": numbers,
        "seen": seen,
        "seconds": time.process_time() - start,
        "memory": audit.peak() - before,
    }


def main():
    warnings.simplefilter("ignore")
    assert arrays and columns and content and folders and numbers
    with tempfile.TemporaryDirectory() as place:
        for name in ("what_is_meant", "files_that_are_meant"):  # imports and compiles what all cases need
            folder = Path(place, "first", name)
            folder.mkdir(parents=True)
            for _, call in doors.CASES[name].build(folder):
                call()(np.ones((1, 4), "float32"))
        audit.limit(MEMORY)
        for name, case in doors.CASES.items():
            folder = Path(place, name)
            folder.mkdir()
            for door, call in case.build(folder):
                print(json.dumps({"case": name, "door": door, **outcome(call, Path(place))}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
