"""Attention in several heads, and with fewer heads of keys and values than of queries."""

import copy
import string
from collections.abc import Sequence
from functools import reduce
from itertools import islice
from operator import attrgetter
from typing import Any

from tricera import ops
from tricera.engine import naming
from tricera.engine.layer import Layer
from tricera.engine.registry import register
from tricera.kernels.attention import attend
from tricera.layers.activation import Softmax
from tricera.layers.arguments import adopt, check_axes, check_fraction, check_positive, is_whole, mistake
from tricera.layers.attention import causal_mask
from tricera.layers.dense import EinsumDense
from tricera.layers.noise import Dropout

_OPTIONS = ("regularizer", "constraint")


class _MultiHead(Layer):
    """Base: projections to heads, attention in each head, and a projection back."""

    supports_masking = True
    config_if_set = ("flash_attention",)
    attention_axes: Any = None

    def _project(self, name: str, equation: str, shape: Sequence[int | None], bias_axes: str, given: Any) -> None:
        """Make `_query_dense` or the like: a map by `equation` of inputs of the shape `given`.

        It has the layer's options, and initial weights of its own.
        """
        options = {f"{of}_{role}": getattr(self, f"{of}_{role}") for of in ("kernel", "bias") for role in _OPTIONS}
        fresh = {f"{of}_initializer": _fresh(getattr(self, f"{of}_initializer")) for of in ("kernel", "bias")}
        axes = bias_axes if self.use_bias else None
        dense = EinsumDense(equation, shape, bias_axes=axes, name=name, dtype=self.dtype_policy, **options, **fresh)
        dense.activity_regularizer = self.activity_regularizer
        setattr(self, f"_{name.removeprefix('attention_')}_dense", dense)
        dense.build(given)

    def _build_attention(self, axes: int) -> None:
        self._softmax = Softmax(axis=tuple(range(-axes, 0)), dtype=self.dtype_policy)
        self._dropout_layer = Dropout(self.dropout, seed=self.seed, dtype=self.dtype_policy)

    def call(
        self,
        query,
        value,
        key=None,
        query_mask=None,
        value_mask=None,
        key_mask=None,
        attention_mask=None,
        return_attention_scores=False,
        training=None,
        use_causal_mask=False,
    ):
        key = value if key is None else key
        if self.flash_attention and return_attention_scores:
            what = "Returning attention scores is not supported when flash attention is enabled."
            raise mistake(self, what, fix="leave out one of them.")
        masks = self._masks(query, value, query_mask, value_mask, key_mask, attention_mask, use_causal_mask)
        heads = self._query_dense(query), self._key_dense(key), self._value_dense(value)
        result, scores = self._attend(*heads, masks, training, return_attention_scores)
        if self.use_gate:
            result = result * ops.sigmoid(self._gate_dense(query))
        result = self._output_dense(result)
        return (result, scores) if return_attention_scores else result

    def _masks(self, query, value, query_mask, value_mask, key_mask, attention_mask, causal) -> Any:
        """What each target may see: `(batch, targets, sources)`, or None for everything."""
        found = [
            None if query_mask is None else ops.expand_dims(query_mask, -1),
            None if value_mask is None else ops.expand_dims(value_mask, -2),
            None if key_mask is None else ops.expand_dims(key_mask, -2),
            None if attention_mask is None else ops.cast(attention_mask, "bool"),
            causal_mask(query.shape[1], value.shape[1]) if causal else None,
        ]
        if self.sliding_window is not None:
            near = ops.expand_dims(ops.arange(query.shape[1]), 1) - ops.arange(value.shape[1])
            found.append(ops.expand_dims(ops.absolute(near) < self.sliding_window, 0))
        found = [ops.cast(mask, "bool") for mask in found if mask is not None]
        return reduce(ops.logical_and, found) if found else None

    def _attend(self, query, key, value, mask, training, with_scores) -> tuple[Any, Any]:
        """`softmax(query @ key^T / sqrt(size)) @ value` in each head, and the softmax where it is wanted."""
        axes = self._axes(query.ndim)
        drops = training and self.dropout > 0
        if mask is not None:
            for _ in range(query.ndim - 1 + len(axes) - mask.ndim):
                mask = ops.expand_dims(mask, -2 * len(axes) - 1)
        if query.ndim == 4 and not with_scores and drops:
            noise, scale = self._dropout_layer.seed_generator.next(), query.shape[-1] ** -0.5
            return attend(query, key, value, mask=mask, scale=scale, dropout=self.dropout, noise=noise), None
        if query.ndim == 4 and not with_scores:
            fused = self.flash_attention
            return ops.dot_product_attention(query, key, value, mask=mask, flash_attention=fused), None
        asked, given, weights, found = _equations(query.ndim, axes)
        scores = ops.einsum(f"{asked},{given}->{weights}", query * query.shape[-1] ** -0.5, key)
        scores = self._softmax(scores, mask=mask)
        dropped = self._dropout_layer(scores, training=training)
        return ops.einsum(f"{weights},{given}->{found}", dropped, value), scores

    def _axes(self, ndim: int) -> tuple[int, ...]:
        """The axes to attend over, of heads of `ndim` axes: one more than queries have."""
        if self.attention_axes is None:
            return tuple(range(1, ndim - 2))
        return tuple(axis % (ndim - 1) for axis in self.attention_axes)

    def _check_options(self) -> None:
        """Raise ValueError unless the arguments that all have are sound."""
        check_positive(self, **({} if self.sliding_window is None else {"sliding_window": self.sliding_window}))
        check_fraction(self, dropout=self.dropout)
        if self.flash_attention and self.dropout > 0:
            what = "Dropout is not supported when flash attention is enabled."
            raise mistake(self, what, got=f"dropout={self.dropout}", fix="leave out one of them.")

    def _check_shapes(self, query: Any, value: Any, key: Any) -> None:
        if len({len(query), len(value), len(key)}) != 1 or value[1:-1] != key[1:-1]:
            what = "All dimensions of `value` and `key`, except the last one, must be equal."
            expected = "a key for each value, and query, value and key of equal ranks"
            got = f"query {tuple(query)}, value {tuple(value)}, key {tuple(key)}"
            raise mistake(self, what, expected=expected, got=got)

    def compute_mask(self, inputs, previous_mask=None):
        return previous_mask


def _several(layer: Layer, **argument: Any) -> tuple[int, ...] | None:
    """An argument that is a whole number, several or None, as a tuple or None."""
    ((name, value),) = argument.items()
    if value is None or is_whole(value):
        return None if value is None else (value,)
    if not isinstance(value, list | tuple):
        expected = "an integer, or a list or tuple of them"
        raise mistake(layer, f"Invalid `{name}`.", expected=expected, got=repr(value))
    return tuple(value) or None


def _fresh(initializer: Any) -> Any:
    """An initializer of the same kind that draws other numbers."""
    return initializer.clone() if hasattr(initializer, "clone") else copy.copy(initializer)


def _letters(*counts: int) -> list[str]:
    """So many letters each, all of them different."""
    letters = iter(string.ascii_lowercase)
    return ["".join(islice(letters, count)) for count in counts]


def _equations(ndim: int, axes: Sequence[int]) -> tuple[str, str, str, str]:
    """The letters of query, key, scores and result, for heads of `ndim` axes: batch, ..., head, size."""
    asked = list(string.ascii_lowercase[:ndim])
    given = [letter.upper() if axis in axes else letter for axis, letter in enumerate(asked)]
    free = [letter for axis, letter in enumerate(asked[:-2]) if axis not in axes]
    targets, sources = [asked[axis] for axis in axes], [given[axis] for axis in axes]
    weights = [*free, asked[-2], *targets, *sources]
    return "".join(asked), "".join(given), "".join(weights), "".join(asked)


@register("layer")
class MultiHeadAttention(_MultiHead):
    """Attention in `num_heads` heads: `concat_h(softmax(q_h @ k_h^T / sqrt(key_dim)) @ v_h) @ w_o`.

    Shapes: `query (batch, targets, a), value (batch, sources, b)(, key (batch, sources, c)) -> (batch, targets, a)`;
    masks `(batch, targets)`, `(batch, sources)`, attention_mask `(batch, targets, sources)`.

    Args:
        key_dim, value_dim: the size of each head's queries and keys, and of its values.
        output_shape: the sizes of a result; those of a query where None.
        attention_axes: the axes over which to attend; all but batch and features where None.
        sliding_window: each target sees only so many sources on each side, itself counted.
        use_gate: whether the heads' results are multiplied by `sigmoid(query @ w_g)`.

    Reference: Vaswani et al., 2017, arXiv:1706.03762.
    """

    query_dense = property(attrgetter("_query_dense"))
    key_dense = property(attrgetter("_key_dense"))
    value_dense = property(attrgetter("_value_dense"))
    output_dense = property(attrgetter("_output_dense"))
    stored_by = ("query_dense", "key_dense", "value_dense", "output_dense")  # the names that files have for them

    def __init__(
        self,
        num_heads,
        key_dim,
        value_dim=None,
        dropout=0.0,
        use_bias=True,
        output_shape=None,
        attention_axes=None,
        sliding_window=None,
        flash_attention=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        use_gate=False,
        seed=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._result_shape = _several(self, output_shape=output_shape)
        del output_shape  # `layer.output_shape` is that of its symbolic output
        adopt(self, locals())
        self.value_dim = key_dim if value_dim is None else value_dim
        self.attention_axes = _several(self, attention_axes=attention_axes)
        check_positive(self, value_dim=self.value_dim)
        self._check_options()
        check_axes(self, self.attention_axes or ())

    def build(self, query_shape, value_shape, key_shape=None):
        self._check_shapes(query_shape, value_shape, key_shape or value_shape)
        size = {"query": self.key_dim, "key": self.key_dim, "value": self.value_dim, "gate": self.value_dim}
        shapes = {"query": query_shape, "key": key_shape or value_shape, "value": value_shape, "gate": query_shape}
        for name in ("query", "key", *(["gate"] if self.use_gate else []), "value"):
            self._to_heads(name, shapes[name], size[name])
        ndim = len(query_shape)
        self.attention_axes = self._axes(ndim + 1)
        self._build_attention(len(self.attention_axes))
        result = self._result_shape or (query_shape[-1],)
        axes, heads, new = _letters(ndim - 1, 2, len(result))
        outer = (*[None] * (ndim - 2), *result)
        inner = (*query_shape[:-1], self.num_heads, self.value_dim)
        self._project("attention_output", f"{axes}{heads},{heads}{new}->{axes}{new}", outer, new, inner)

    def _to_heads(self, name: str, given: Sequence[int | None], size: int) -> None:
        axes, feature, new = _letters(len(given) - 1, 1, 2)
        shape = (*[None] * (len(given) - 2), self.num_heads, size)
        self._project(name, f"{axes}{feature},{feature}{new}->{axes}{new}", shape, new, given)

    def get_config(self):
        return {**super().get_config(), "output_shape": self._result_shape}


@register("layer", "GroupedQueryAttention")  # what Keras' class is called, and its HDF5 files call it
class GroupQueryAttention(_MultiHead):
    """Multi-head attention in which groups of query heads share a head of keys and values.

    Shapes: as MultiHeadAttention.

    Raises:
        ValueError: `num_query_heads` is no multiple of `num_key_value_heads`.

    Reference: Ainslie et al., 2023, arXiv:2305.13245.
    """

    stored_as = "GroupedQueryAttention"

    def __init__(
        self,
        head_dim,
        num_query_heads,
        num_key_value_heads,
        dropout=0.0,
        use_bias=True,
        sliding_window=None,
        flash_attention=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        use_gate=False,
        seed=None,
        **kwargs,
    ):
        name = kwargs.pop("name", None) or naming.unique("grouped_query_attention")
        super().__init__(activity_regularizer=activity_regularizer, name=name, **kwargs)
        adopt(self, locals())
        self._check_options()
        if num_query_heads % num_key_value_heads:
            got = f"num_query_heads={num_query_heads}, num_key_value_heads={num_key_value_heads}"
            raise mistake(self, "`num_query_heads` must be divisible by `num_key_value_heads`.", got=got)

    def build(self, query_shape, value_shape, key_shape=None):
        self._check_shapes(query_shape, value_shape, key_shape or value_shape)
        shared = (None, self.num_key_value_heads, self.head_dim)
        own = (None, self.num_query_heads, self.head_dim)
        self._project("query", "bqm,muh->bquh", own, "uh", query_shape)
        self._project("key", "bkm,mvh->bkvh", shared, "vh", key_shape or value_shape)
        if self.use_gate:
            self._project("gate", "bqm,muh->bquh", own, "uh", query_shape)
        self._project("value", "bkm,mvh->bkvh", shared, "vh", value_shape)
        self._build_attention(1)
        self._project("attention_output", "bquh,uhm->bqm", (None, query_shape[-1]), "m", (None, *own))

    def _attend(self, query, key, value, *rest):
        times = self.num_query_heads // self.num_key_value_heads
        return super()._attend(query, ops.repeat(key, times, axis=2), ops.repeat(value, times, axis=2), *rest)
