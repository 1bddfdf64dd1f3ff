"""`%load_ext tricera`: `keras` means Tricera in a notebook."""

import sys
from typing import Any

from tricera.alias import install
from tricera.legacy.generation import current, generation, settle

_cells: list[str] = []


def load_ipython_extension(ipython: Any) -> None:
    """`%load_ext tricera`: `keras` means Tricera in this session, and each cell says for which Keras it was written."""
    install(program="")
    ipython.events.register("pre_run_cell", _before_cell)


def unload_ipython_extension(ipython: Any) -> None:
    """`%unload_ext tricera`: cells are no longer read; what is bound stays."""
    ipython.events.unregister("pre_run_cell", _before_cell)


def _before_cell(info: Any) -> None:
    """Let the habits of the Keras hold that the cell shows, and say so where they change."""
    _cells.append(info.raw_cell or "")
    number, reason = generation(_cells[-1])
    if reason is not None and number != current():
        print(f"tricera: Keras {number} code (line {reason.line}: {reason.what})", file=sys.stderr)
        settle(number)
    install(program="\n".join(_cells))
