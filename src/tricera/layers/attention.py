"""Attention: averages of values, weighted by how well their keys answer a query."""

from collections.abc import Mapping
from typing import Any

from tricera import ops
from tricera.engine.layer import Layer
from tricera.engine.random import SeedGenerator
from tricera.engine.registry import register
from tricera.errors import abstract
from tricera.kernels.attention import by_targets, dropped
from tricera.layers.arguments import adopt, check_choice, mistake


def causal_mask(targets: Any, sources: Any) -> Any:
    """Whether each target time may see each source time: `(1, targets, sources)`, True up to its own time."""
    return ops.expand_dims(ops.expand_dims(ops.arange(targets), 1) >= ops.arange(sources), 0)


class _Attention(Layer):
    """Base: `softmax(scores(query, key)) @ value`."""

    supports_masking = True
    in_pairs = True  # whether a score is a sum over the features of a query and a key together

    def _adopt(self, given: Mapping[str, Any]) -> None:
        adopt(self, given)
        if self.dropout > 0:
            self.seed_generator = SeedGenerator(self.seed)

    def scores(self, query: Any, key: Any) -> Any:
        """How well each key answers each query: `(batch, targets, sources)`."""
        raise abstract(self, "scores")

    def build(self, input_shape):
        several = isinstance(input_shape, list) and all(isinstance(shape, list | tuple) for shape in input_shape)
        if not several or len(input_shape) not in (2, 3):
            what = f"{type(self).__name__} layer must be called on a list of inputs, of length 2 or 3."
            got = f"{len(input_shape)} inputs" if several else f"one input of shape {tuple(input_shape)}"
            raise mistake(self, what, expected="[query, value] or [query, value, key]", got=got)

    def call(self, inputs, mask=None, training=False, return_attention_scores=False, use_causal_mask=False):
        query, value, *rest = inputs
        key = rest[0] if rest else value
        if mask is not None and not (isinstance(mask, list | tuple) and len(mask) in (2, 3)):
            what = f"{type(self).__name__} layer mask must be a list, of length 2 or 3."
            raise mistake(self, what, expected="a mask or None for each input")
        query_mask, value_mask = (None, None) if mask is None else mask[:2]
        allowed = None if value_mask is None else ops.expand_dims(value_mask, 1)
        if use_causal_mask:
            past = causal_mask(query.shape[1], key.shape[1])
            allowed = past if allowed is None else ops.logical_and(allowed, past)
        noise = self.seed_generator.next() if training and self.dropout > 0 else None

        def weights(block, query, allowed):
            scores = self.scores(query, key)
            if allowed is not None:
                lowest = 65504.0 if scores.dtype == "float16" else 1e9
                scores = scores - lowest * ops.cast(ops.logical_not(allowed), scores.dtype)
            weights = ops.softmax(scores, axis=-1)
            return weights if noise is None else dropped(weights, self.dropout, noise, block)

        if return_attention_scores:
            table = weights(None, query, allowed)
            result = ops.matmul(table, value)
        else:
            count = query.shape[0] * query.shape[1] * key.shape[1] * (query.shape[-1] if self.in_pairs else 1)
            result = by_targets(lambda *block: ops.matmul(weights(*block), value), count, (query, 1), (allowed, 1))
        if query_mask is not None:
            result = result * ops.cast(ops.expand_dims(query_mask, -1), result.dtype)
        return (result, table) if return_attention_scores else result

    def compute_mask(self, inputs, mask=None):
        return mask[0] if isinstance(mask, list | tuple) else None


@register("layer")
class Attention(_Attention):
    """`softmax(query @ key^T) @ value`: attention by inner products.

    Shapes: `[query (batch, targets, size), value (batch, sources, n)(, key (batch, sources, size))] ->
    (batch, targets, n)`; masks `[(batch, targets), (batch, sources)]`.

    Args:
        use_scale: whether the scores are multiplied by a learned number.
        score_mode: `"dot"`, or `"concat"`: `weight * sum(tanh(scale * (query + key)))`.
        dropout: the fraction of weights that training drops.

    Reference: Luong et al., 2015, arXiv:1508.04025.
    """

    def __init__(self, use_scale=False, score_mode="dot", dropout=0.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        self._adopt(locals())
        check_choice(self, ("dot", "concat"), score_mode=score_mode)

    def build(self, input_shape):
        super().build(input_shape)
        self.in_pairs = concat = self.score_mode == "concat"
        self.scale = self.add_weight((), "ones", name="scale") if self.use_scale else None
        self.concat_score_weight = self.add_weight((), "ones", name="concat_score_weight") if concat else None

    def scores(self, query, key):
        scale = 1 if self.scale is None else self.scale.value
        if self.score_mode == "dot":
            return ops.matmul(query, ops.swapaxes(key, -2, -1)) * scale
        pairs = ops.expand_dims(query, -2) + ops.expand_dims(key, -3)
        return self.concat_score_weight.value * ops.sum(ops.tanh(scale * pairs), axis=-1)


@register("layer")
class AdditiveAttention(_Attention):
    """`softmax(sum(scale * tanh(query + key))) @ value`.

    Args:
        use_scale: whether each feature has a learned weight in the sum.

    Reference: Bahdanau et al., 2014, arXiv:1409.0473.
    """

    def __init__(self, use_scale=True, dropout=0.0, **kwargs):
        self.seed = kwargs.pop("seed", None)
        super().__init__(**kwargs)
        self._adopt(locals())

    def build(self, input_shape):
        super().build(input_shape)
        size = input_shape[0][-1]
        self.scale = self.add_weight((size,), "glorot_uniform", name="scale") if self.use_scale else None

    def scores(self, query, key):
        scale = 1 if self.scale is None else self.scale.value
        return ops.sum(scale * ops.tanh(ops.expand_dims(query, -2) + ops.expand_dims(key, -3)), axis=-1)

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}
