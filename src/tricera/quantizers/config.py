"""What says how a layer is quantized: a mode, and the quantizers of its weight and of its inputs."""

from typing import Any

from tricera.engine.configured import Configured
from tricera.engine.registry import register
from tricera.quantizers.quantizer import AbsMaxQuantizer, Quantizer


class QuantizationConfig(Configured):
    """Base.

    Args:
        weight_quantizer: the weight's; the mode's own where None.
        activation_quantizer: the inputs'; they stay floats where None.
    """

    mode: str | None = None

    def __init__(self, weight_quantizer=None, activation_quantizer=None):
        self.weight_quantizer: Quantizer | None = weight_quantizer
        self.activation_quantizer: Quantizer | None = activation_quantizer

    def __eq__(self, other: Any) -> bool:
        return type(other) is type(self) and other.get_config() == self.get_config()

    __hash__ = object.__hash__


@register("quantization_config")
class Int8QuantizationConfig(QuantizationConfig):
    """Weight and inputs as 8-bit integers."""

    mode = "int8"

    def __init__(self, weight_quantizer=None, activation_quantizer="default"):
        super().__init__(weight_quantizer, _default(activation_quantizer))


@register("quantization_config")
class Int4QuantizationConfig(QuantizationConfig):
    """The weight as 4-bit integers, with a scale for each `block_size` of them."""

    mode = "int4"

    def __init__(self, weight_quantizer=None, activation_quantizer="default", block_size=128):
        super().__init__(weight_quantizer, _default(activation_quantizer))
        self.block_size = block_size


@register("quantization_config")
class Float8QuantizationConfig(QuantizationConfig):
    """Weight, inputs and gradients as 8-bit floats."""

    mode = "float8"

    def __init__(self):
        super().__init__()


def _default(quantizer: Any) -> Any:
    return AbsMaxQuantizer() if quantizer == "default" else quantizer
