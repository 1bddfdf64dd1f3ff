"""Keras 1's `merge(tensors, mode=...)`, as the function that Keras 3 has for the mode."""

from collections.abc import Callable

from tricera.engine import naming
from tricera.legacy.upgrade.calls import Call
from tricera.saving.past.names import MERGE_MODES

_PLACES = ("inputs", "mode", "concat_axis", "dot_axes")


def is_merge(whole: str) -> bool:
    """Whether a whole path is that of the function."""
    return whole.endswith((".layers.merge", ".engine.topology.merge", ".engine.merge", ".layers.merge.merge"))


def merged(call: Call, spell: Callable[[str], str]) -> str | None:
    """The expression for a call of `merge`; None where the mode is a function, or not said by a plain word.

    Args:
        spell: how the program says a path of today.
    """
    told = {**dict(zip(_PLACES, call.placed(), strict=False)), **call.named()}
    mode = call.string(told["mode"]) if "mode" in told else "sum"
    if mode not in MERGE_MODES or "inputs" not in told:
        return None
    words = [call.text(told["inputs"])]
    if mode == "concat" and "concat_axis" in told:
        words.append(f"axis={call.text(told['concat_axis'])}")
    if mode in ("dot", "cos"):
        words.append(f"axes={call.text(told['dot_axes']) if 'dot_axes' in told else -1}")
    if mode == "cos":
        words.append("normalize=True")
    if "name" in told:
        words.append(f"name={call.text(told['name'])}")
    return f"{spell(f'layers.{naming.snake_case(MERGE_MODES[mode])}')}({', '.join(words)})"
