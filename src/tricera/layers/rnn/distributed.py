"""A layer on each step of a sequence."""

from tricera.engine.graph import known
from tricera.engine.inputs import shapes, spec_of
from tricera.engine.registry import register
from tricera.layers.arguments import mistake
from tricera.layers.core import Wrapper
from tricera.layers.rnn.scan import map_steps


@register("layer")
class TimeDistributed(Wrapper):
    """`layer(x[:, t])` for each step `t`, with the same weights.

    Shapes: `(batch, steps, ...) -> (batch, steps, ...)`.

    Raises:
        ValueError: the input has fewer than 3 axes; the mask has other steps than the input.
    """

    supports_masking = True

    def build(self, input_shape):
        if len(input_shape) < 3:
            what = "`TimeDistributed` Layer should be passed an `input_shape` with at least 3 dimensions."
            fix = f"use the wrapped {type(self.layer).__name__} alone, or add an axis of steps."
            raise mistake(self, what, got=tuple(input_shape), fix=fix)
        super().build((input_shape[0], *input_shape[2:]))

    def call(self, inputs, training=None, mask=None):
        if mask is not None and known(mask.shape)[:2] != known(inputs.shape)[:2]:
            what = "The `mask` passed to the `TimeDistributed` layer has a shape that does not fit."
            expected = f"({', '.join(map(str, known(inputs.shape)[:2]))}, ...)"
            raise mistake(self, what, expected=expected, got=shapes(mask))
        if mask is None or "mask" not in spec_of(type(self.layer).call).names:
            return map_steps(self.layer, self.layer, inputs)
        return map_steps(self.layer, lambda x, keep: self.layer(x, mask=keep), inputs, mask)
