"""Orbax, on first use: checkpoints that stand in many files, of one machine or of several."""

import functools
from typing import Any

from tricera.errors import report


@functools.cache
def orbax() -> Any:
    """The module `orbax.checkpoint.v1`.

    Raises:
        ImportError: it is not installed.
    """
    try:
        from orbax.checkpoint import v1
    except ImportError:
        raise ImportError(
            report("Checkpoints of Orbax need it, and it is not installed.", fix='pip install "tricera[orbax]"')
        ) from None
    return v1
