"""Tables of vectors, looked up by whole numbers."""

from typing import Any

from tricera import ops
from tricera.engine import dtypes, masking
from tricera.engine.registry import register
from tricera.layers.arguments import adopt, weight
from tricera.transform.quantize.layer import Quantizable, or_quantized


@register("layer")
class Embedding(Quantizable):
    """`embeddings[i]` for each index `i`.

    Shapes: `(batch, ...) -> (batch, ..., output_dim)`; embeddings `(input_dim, output_dim)`.

    Args:
        input_dim: how many vectors: the largest index plus 1.
        mask_zero: whether index 0 is padding, which the layers that follow skip.
        weights: the initial embeddings.
    """

    adapted = "embeddings"
    equation = None
    config_if_set = ("lora_rank", "lora_alpha")

    def __init__(
        self,
        input_dim,
        output_dim,
        embeddings_initializer="uniform",
        embeddings_regularizer=None,
        embeddings_constraint=None,
        mask_zero=False,
        weights=None,
        lora_rank=None,
        lora_alpha=None,
        quantization_config=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        adopt(self, locals())
        self.autocast = False  # 16-bit floats cannot hold every index
        self.supports_masking = mask_zero
        if weights is not None:
            self.build()
            self.set_weights(weights if isinstance(weights, list) and len(weights) == 1 else [weights])

    def build(self, input_shape=None):
        self._make_tables()
        self._finish_build()

    def _make_tables(self) -> None:
        self.embeddings = weight(self, "embeddings", (self.input_dim, self.output_dim))

    def call(self, inputs):
        if dtypes.is_float(dtypes.dtype_of(inputs)):
            inputs = ops.cast(inputs, "int32")
        return self._rows(inputs)

    @or_quantized
    def _rows(self, indices: Any) -> Any:
        return ops.cast(ops.take(self.embeddings, indices, axis=0), self.compute_dtype)

    def compute_mask(self, inputs, mask=None):
        return ops.not_equal(inputs, 0) if self.mask_zero else None

    def get_config(self):
        return {"activity_regularizer": None, "quantization_config": None, **super().get_config()}


@register("layer")
class ReversibleEmbedding(Embedding):
    """An Embedding that can be read backwards: `x @ embeddings.T` where it is called with `reverse=True`.

    Args:
        tie_weights: whether both ways share one table.
        reverse_dtype: the dtype that the way back computes in.
        logit_soft_cap: bounds the way back: `cap * tanh(logits / cap)`.
    """

    def __init__(
        self,
        input_dim,
        output_dim,
        tie_weights=True,
        embeddings_initializer="uniform",
        embeddings_regularizer=None,
        embeddings_constraint=None,
        mask_zero=False,
        reverse_dtype=None,
        logit_soft_cap: float | None = None,
        **kwargs,
    ):
        options = embeddings_initializer, embeddings_regularizer, embeddings_constraint
        super().__init__(input_dim, output_dim, *options, mask_zero, **kwargs)
        self.tie_weights, self.reverse_dtype, self.logit_soft_cap = tie_weights, reverse_dtype, logit_soft_cap

    def _make_tables(self) -> None:
        super()._make_tables()
        if not self.tie_weights:
            shape = self.output_dim, self.input_dim
            self.reverse_embeddings = weight(self, "reverse_embeddings", shape, options="embeddings")

    def call(self, inputs, reverse=False):
        if not reverse:
            outputs = super().call(inputs)
            masking.set_mask(outputs, super().compute_mask(inputs))
            return outputs
        logits, cap = self._logits(inputs), self.logit_soft_cap
        return logits if cap is None else ops.tanh(logits / cap) * cap

    def compute_mask(self, inputs, mask=None):
        return None  # `call` sets that of the way forward, and knows which way it is

    @or_quantized
    def _logits(self, inputs: Any) -> Any:
        kernel = ops.transpose(self.embeddings) if self.tie_weights else self.reverse_embeddings.value
        dtype = self.reverse_dtype or self.compute_dtype
        return ops.matmul(ops.cast(inputs, dtype), ops.cast(kernel, dtype))
