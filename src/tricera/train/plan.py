"""How the batches of a run are computed: decided once, from facts that can be listed."""

from dataclasses import dataclass
from typing import Any

from tricera import machine
from tricera.train.data import Arrays

_KIB = 1024


@dataclass(frozen=True)
class Plan:
    """How a run computes its batches.

    Args:
        mode: `"epochs"`: many steps in one program, over resident data; `"steps"`: a program a step, over
            resident data; `"stream"`: a program a step, over batches that the host sends; `"eager"`: no program.
        why: the facts that decided.
        chunk: steps in one program at the most; None where time decides.
    """

    mode: str
    why: str
    chunk: int | None = None

    @property
    def resident(self) -> bool:
        """Whether the data stands on the device."""
        return self.mode in ("epochs", "steps")

    def __str__(self) -> str:
        return f"{_SAYS[self.mode]}: {self.why}."


_SAYS = {
    "epochs": "Many steps in one program, data on the device",
    "steps": "One program a step, data on the device",
    "stream": "One program a step, batches sent by the host",
    "eager": "No program, each operation by itself",
}


def choose(model: Any, source: Any, every_batch: bool) -> Plan:
    """The plan for these data; whether convolutions forbid loops shows only when the loop is traced."""
    if model.run_eagerly:
        return Plan("eager", "`run_eagerly=True`")
    if not isinstance(source, Arrays):
        return Plan("stream", "the data come from a generator or a data set")
    size, budget = source.nbytes, machine.memory_budget_bytes()
    if size > budget:
        return Plan("stream", f"{readable(size)} of data are more than the {readable(budget)} that may stay there")
    facts = f"{readable(size)} of data, {source.steps} steps of {source.batch_size}"
    if not every_batch:
        return Plan("epochs", facts)
    if model.steps_per_execution > 1:
        return Plan("epochs", f"{facts}, a callback sees every `steps_per_execution`-th", model.steps_per_execution)
    return Plan("steps", f"{facts}, a callback sees every batch")


def readable(size: float) -> str:
    """Bytes for people: `12.3 MiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < _KIB or unit == "GiB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= _KIB
    return ""
