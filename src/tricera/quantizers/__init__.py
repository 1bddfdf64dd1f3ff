"""Floats as few bits: quantizers, packed 4-bit integers, and what says which quantizer a layer uses."""

from tricera import errors
from tricera.engine import registry
from tricera.quantizers.config import AWQConfig as AWQConfig
from tricera.quantizers.config import Float8QuantizationConfig as Float8QuantizationConfig
from tricera.quantizers.config import GPTQConfig as GPTQConfig
from tricera.quantizers.config import Int4QuantizationConfig as Int4QuantizationConfig
from tricera.quantizers.config import Int8QuantizationConfig as Int8QuantizationConfig
from tricera.quantizers.config import QuantizationConfig as QuantizationConfig
from tricera.quantizers.groups import (
    abs_max_quantize_grouped_with_zero_point as abs_max_quantize_grouped_with_zero_point,
)
from tricera.quantizers.quantizer import AbsMaxQuantizer as AbsMaxQuantizer
from tricera.quantizers.quantizer import Quantizer as Quantizer
from tricera.quantizers.quantizer import abs_max_quantize as abs_max_quantize
from tricera.quantizers.quantizer import compute_float8_amax_history as compute_float8_amax_history
from tricera.quantizers.quantizer import compute_float8_scale as compute_float8_scale
from tricera.quantizers.quantizer import fake_quant_with_min_max_vars as fake_quant_with_min_max_vars
from tricera.quantizers.quantizer import pack_int4 as pack_int4
from tricera.quantizers.quantizer import quantize_and_dequantize as quantize_and_dequantize
from tricera.quantizers.quantizer import unpack_int4 as unpack_int4


def get(identifier, **kwargs):
    """The quantizer that a name, a configuration, a class or a quantizer means; `kwargs` for its constructor."""
    found = registry.resolve("quantizer", identifier)
    return type(found)(**{**found.arguments(), **kwargs}) if kwargs and isinstance(found, Quantizer) else found


def serialize(initializer):
    """The quantizer as plain data."""
    return registry.serialize(initializer)


def deserialize(config, custom_objects=None):
    """The quantizer, or the configuration of several, of what `serialize` returned."""
    return registry.deserialize(config, registry.QUANTIZERS, custom_objects)


__getattr__ = errors.missing(__name__, globals())
