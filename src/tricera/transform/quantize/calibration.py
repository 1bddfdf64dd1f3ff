"""What layers meet when a model works on texts, and how they are quantized then, a block after the other."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tricera.engine.pure import stateless
from tricera.errors import report
from tricera.transform.quantize.calibrated import METHODS
from tricera.transform.quantize.layer import Quantizable
from tricera.transform.quantize.terms import Terms


def calibrate(structure: Any, config: Any, chosen: Callable[[Any], bool]) -> None:
    """Quantize the chosen layers in the blocks of a model; each block sees what the quantized ones before it give.

    Args:
        structure: a dict of `"pre_block_layers"` and `"sequential_blocks"`.

    Raises:
        ValueError: there are no blocks, or no texts.
    """
    blocks = (structure or {}).get("sequential_blocks")
    if not blocks:
        raise ValueError(
            report(
                f"No sequential blocks found: mode {config.mode!r} quantizes layers block by block.",
                expected="a dict with 'pre_block_layers' and 'sequential_blocks', lists of layers",
                got=repr(structure),
                fix="pass `quantization_layer_structure=` to the config.",
            )
        )
    inputs = [_first(structure.get("pre_block_layers", ()), piece) for piece in pieces(config)]
    for block in blocks:
        layers = [layer for layer in block._flatten_layers() if isinstance(layer, Quantizable) and chosen(layer)]
        for layer, seen in zip(layers, _seen(block, layers, inputs, config.mode), strict=True):
            layer.become(config, seen)
        if block is not blocks[-1]:
            forward, values = jax.jit(_forward(block)), [v.raw() for v in block.variables]
            inputs = [_one(forward(values, x)) for x in inputs]


def _first(layers: Any, tokens: Any) -> Any:
    """What the first block gets of a piece."""
    x = jnp.asarray(tokens)
    for layer in layers:
        x = layer(x)
    return _one(x)


def _one(x: Any) -> Any:
    """The first of several outputs, with an axis of the batch."""
    x = x[0] if isinstance(x, list | tuple) else x
    return x[None] if x.ndim == 2 else x


class _Watched:
    """A layer's form while it is looked at: its product, noting what is needed of the inputs."""

    def __init__(self, measure: Callable, notes: list):
        self.measure, self.notes = measure, notes

    def product(self, layer: Any, inputs: Any) -> Any:
        terms = Terms.of(layer.equation, inputs.ndim)
        free = "".join(letter for letter in terms.inputs if letter in terms.outputs)
        summed = "".join(letter for letter in terms.weight if letter not in terms.outputs)
        kernel = layer.kernel.value
        rows = terms.rows_and_columns(kernel.shape)[0]
        x = jnp.einsum(f"{terms.inputs}->{free}{summed}", inputs.astype("float32")).reshape(-1, rows)
        self.notes.append((layer, self.measure(x), len(x)))
        return jnp.einsum(terms.equation, inputs, kernel)


def _seen(block: Any, layers: list[Any], inputs: list[Any], mode: str) -> list[Any]:
    """What each layer in a block meets there."""
    statistics = METHODS[mode][0]
    notes: list[Any] = []
    counts: list[tuple[Any, int]] = []

    def run(values: list[Any], x: Any) -> list[Any]:
        notes.clear()
        _forward(block)(values, x)
        counts[:] = [(layer, count) for layer, _, count in notes]
        return [measured for _, measured, _ in notes]

    found = {id(layer): statistics(_rows(layer)) for layer in layers}
    for layer in layers:
        layer._form = _Watched(statistics.measure, notes)
    try:
        compiled, values = jax.jit(run), [v.raw() for v in block.variables]
        for x in inputs:
            for measured, (layer, count) in zip(compiled(values, x), counts, strict=True):
                found[id(layer)].add(measured, count)
    finally:
        for layer in layers:
            layer._form = None
    return [found[id(layer)] for layer in layers]


def _rows(layer: Any) -> int:
    return Terms.of(layer.equation).rows_and_columns(layer.kernel.shape)[0]


def _forward(block: Any) -> Callable:
    """A block's call as a function of its variables' values."""
    variables = list(block.variables)

    def run(values: list[Any], x: Any) -> Any:
        with stateless(variables, values, training=False):
            return block(x)

    return run


# ---- texts


def pieces(config: Any) -> Iterator[np.ndarray]:
    """Pieces of the dataset, spread over it: tokens `(1, sequence_length)`; one that is too short is repeated.

    Raises:
        TypeError: the dataset is one text.
        ValueError: it is empty, or there is no tokenizer for its texts.
    """
    tokens = np.concatenate(list(_tokens(config))).astype("int32")
    length, many = config.sequence_length, config.num_samples
    tokens = np.tile(tokens, -(-length * many // len(tokens)) if len(tokens) < length * many else 1)
    starts = len(tokens) - length + 1
    step = max(1, starts // many)
    for i in range(many):
        start = i * step % starts
        yield tokens[None, start : start + length]


def _tokens(config: Any) -> Iterator[np.ndarray]:
    dataset, tokenizer = config.dataset, config.tokenizer
    if isinstance(dataset, str | bytes) or not (dataset is None or hasattr(dataset, "__iter__")):
        what = f"{type(config).__name__}: the `dataset` argument must be an iterable of texts or of arrays of tokens."
        raise TypeError(report(what, got=type(dataset).__name__))
    empty = True
    for item in () if dataset is None else dataset:
        if isinstance(item, str):
            if tokenizer is None:
                what = f"{type(config).__name__}: texts need a tokenizer."
                raise ValueError(report(what, fix="pass `tokenizer=`, an object with `tokenize(text)`."))
            item = getattr(tokenizer, "tokenize", tokenizer)(item)
        found = np.asarray(item).reshape(-1)
        empty = empty and not found.size
        yield found
    if empty:
        raise ValueError(report(f"{type(config).__name__}: the provided dataset is empty.", got=repr(dataset)))
