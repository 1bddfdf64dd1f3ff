"""What attends to what."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from tricera.engine.inputs import where
from tricera.engine.pure import pure
from tricera.errors import report
from tricera.layers import AdditiveAttention, Attention, GroupQueryAttention, MultiHeadAttention
from tricera.visualization import figure as figures
from tricera.visualization import inside

_KINDS = (Attention, AdditiveAttention, MultiHeadAttention, GroupQueryAttention)
_MOST_NAMED = 40  # tokens with room for their names
_MOST_ACROSS = 4


def attention_map(
    model: Any, x: Any, layer: str | None = None, tokens: Sequence[str] | None = None, path: Any = None
) -> Any:
    """How much each place (a row) looks at each other (a column) in an attention layer: one map a head.

    Args:
        x: one sample, with its batch axis; of several only the first is drawn.
        layer: the name of an attention layer; the last one otherwise.
        tokens: the words at the places.
        path: where to save the picture, by its suffix PNG, SVG or PDF.

    Raises:
        ValueError: the layer is not there or does not attend, or there are fewer tokens than places.
    """
    chosen = inside.find(model, layer, lambda each: isinstance(each, _KINDS), "attention layer")
    model._outputs_for(jax.tree_util.tree_map(np.asarray, x))
    program = inside.kept_by(model, ("attention", chosen.name), lambda: _program(model, chosen))
    weights = np.asarray(program(inside.values_of(model), x))[0]
    maps = weights if weights.ndim == 3 else weights[None]
    if tokens is not None and len(tokens) < max(maps.shape[1:]):
        raise ValueError(
            report(f"{where(chosen)}: a place has no token.", expected=f"{max(maps.shape[1:])} tokens", got=len(tokens))
        )
    return figures.finish(_drawn(maps, tokens, chosen.name), path)


def _program(model: Any, layer: Any) -> Callable:
    def run(x: Any) -> Any:
        seen: list[Any] = []

        def tap(_: Any, call: Callable, *args: Any, **kwargs: Any) -> Any:
            result, scores = call(*args, **{**kwargs, "return_attention_scores": True})
            seen.append(scores)
            return (result, scores) if kwargs.get("return_attention_scores") else result

        with inside.tapped([layer], tap):
            model(x)
        return seen[-1]

    compiled = jax.jit(pure(run, model.variables, training=False))
    return lambda *args: compiled(*args)[0]


def _drawn(maps: np.ndarray, tokens: Sequence[str] | None, name: str) -> Any:
    heads, targets, sources = maps.shape
    across = min(heads, _MOST_ACROSS)
    rows = math.ceil(heads / across)
    named = tokens is not None and max(targets, sources) <= _MOST_NAMED
    room = 0.07 * max(map(len, tokens)) if named else 0.3  # type: ignore[arg-type]
    side = max(1.7 if heads > 1 else 3.0, 0.15 * sources if named else 0)
    tall = side * targets / sources
    figure, axes = figures.new(
        across * side + room + 1.1,
        rows * (tall + 0.35) + room + 0.35,
        nrows=rows,
        ncols=across,
        squeeze=False,
        sharex=True,
        sharey=True,
    )
    for head, axis in enumerate(axes.flat):
        if head >= heads:
            axis.set_axis_off()
            continue
        drawn = axis.imshow(maps[head], cmap="Blues", vmin=0, vmax=maps.max(), interpolation="nearest")
        axis.spines[:].set_color(figures.LIGHT)
        axis.set_title(f"head {head + 1}" if heads > 1 else "", fontsize=9)
        if named:
            axis.set_xticks(range(sources), tokens[:sources], rotation=90, fontsize=8)  # type: ignore[index]
            axis.set_yticks(range(targets), tokens[:targets], fontsize=8)  # type: ignore[index]
    figure.suptitle(f"{name}: what each {'word' if named else 'place'} (row) looks at", fontsize=11)
    bar = figure.colorbar(drawn, ax=axes, shrink=0.8, label="weight", aspect=25)
    bar.outline.set_visible(False)
    return figure
