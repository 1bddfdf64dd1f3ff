"""What says how a layer is quantized: a mode, and what the mode needs to know."""

from typing import Any, Self

from tricera.engine.configured import Configured
from tricera.engine.registry import register
from tricera.errors import report
from tricera.quantizers.quantizer import AbsMaxQuantizer, Quantizer


class QuantizationConfig(Configured):
    """Base.

    Args:
        weight_quantizer: the weight's; the mode's own where None.
        activation_quantizer: the inputs'; they stay floats where None.
    """

    def __init__(self, weight_quantizer=None, activation_quantizer=None):
        self.weight_quantizer: Quantizer | None = weight_quantizer
        self.activation_quantizer: Quantizer | None = activation_quantizer

    @property
    def mode(self) -> str:
        """What the weights become: `"int8"`. A subclass says it."""
        what = "Subclasses must implement this property. Do not instantiate QuantizationConfig directly."
        raise NotImplementedError(
            report(what, fix="take the config of a mode: `keras.quantizers.Int8QuantizationConfig()`.")
        )

    def __eq__(self, other: Any) -> bool:
        return type(other) is type(self) and other.get_config() == self.get_config()

    __hash__ = object.__hash__

    def _require(self, holds: bool, what: str, **got: Any) -> None:
        if not holds:
            text = ", ".join(f"{name}={value!r}" for name, value in got.items())
            raise ValueError(report(f"{type(self).__name__}: {what}", got=text))

    def dtype_policy_string(self) -> str:
        """What the names of policies begin with: `"int8"`, `"gptq/4/128"`."""
        return str(self.mode)


@register("quantization_config")
class Int8QuantizationConfig(QuantizationConfig):
    """Weight and inputs as 8-bit integers.

    Raises:
        ValueError: the numbers of the weight's quantizer are of another dtype.
    """

    mode = "int8"

    def __init__(self, weight_quantizer=None, activation_quantizer="default"):
        super().__init__(
            weight_quantizer, AbsMaxQuantizer() if activation_quantizer == "default" else activation_quantizer
        )
        dtype = getattr(weight_quantizer, "output_dtype", "int8")
        self._require(dtype == "int8", "requires a weight_quantizer with output_dtype='int8'.", output_dtype=dtype)


@register("quantization_config")
class Int4QuantizationConfig(QuantizationConfig):
    """The weight as 4-bit integers.

    Args:
        block_size: how many of the numbers that a product adds up share a scale and a zero; None or -1: all of them
            share a scale, and nothing is moved.

    Raises:
        ValueError: a block size that is none, or quantizers with one; another range or dtype of the weight's.
    """

    mode = "int4"

    def __init__(self, weight_quantizer=None, activation_quantizer="default", block_size=128):
        super().__init__(weight_quantizer, None if activation_quantizer == "default" else activation_quantizer)
        self.block_size = block_size
        is_size = block_size in (None, -1) or block_size > 0
        self._require(is_size, "block_size must be None, -1, or a positive integer.", block_size=block_size)
        own = self.weight_quantizer is not None or self.activation_quantizer is not None
        what = "sub-channel quantization (block_size > 0) does not support custom quantizers."
        self._require(not own or block_size in (None, -1), what, block_size=block_size)
        if weight_quantizer is not None:
            limits, dtype = tuple(weight_quantizer.value_range), weight_quantizer.output_dtype
            what = "requires a weight_quantizer with value_range=(-8, 7) and output_dtype='int8'."
            self._require(limits == (-8, 7) and dtype == "int8", what, value_range=limits, output_dtype=dtype)

    @classmethod
    def from_config(cls, config):
        return super().from_config({"block_size": None, **config})  # files from before there were blocks

    def dtype_policy_string(self) -> str:
        return f"int4/{self.block_size or -1}"


@register("quantization_config")
class Float8QuantizationConfig(QuantizationConfig):
    """Weight, inputs and gradients as 8-bit floats."""

    mode = "float8"

    def __init__(self):
        super().__init__()


class _Calibrated(QuantizationConfig):
    """Base of those that look at what a model does with texts. Files have neither texts nor tokenizer.

    Args:
        dataset: texts, or arrays of tokens.
        tokenizer: has a `tokenize(text)` that gives tokens.
        num_samples: how many pieces of the dataset are looked at, each of `sequence_length` tokens.
        group_size: how many inputs share a scale; -1: all of them.
        quantization_layer_structure: a dict of `"pre_block_layers"`, which come first, and `"sequential_blocks"`,
            in which Dense and EinsumDense layers are quantized, a block after the other. None: what the model's
            `get_quantization_layer_structure(mode)` says.

    Raises:
        ValueError: a number makes no sense.
    """

    bits: tuple[int, ...]  # that a weight may have

    def __init__(
        self, dataset, tokenizer, weight_bits, num_samples, sequence_length, group_size, quantization_layer_structure
    ):
        super().__init__()
        self.dataset, self.tokenizer = dataset, tokenizer
        self.weight_bits, self.group_size = weight_bits, group_size
        self.num_samples, self.sequence_length = num_samples, sequence_length
        self.quantization_layer_structure = quantization_layer_structure
        what = f"Unsupported weight_bits: it only supports {', '.join(map(str, self.bits))}-bit quantization."
        self._require(weight_bits in self.bits, what, weight_bits=weight_bits)
        self._require_positive(num_samples=num_samples, sequence_length=sequence_length)
        what = "Invalid group_size. Supported values are -1 (one group) or a positive integer."
        self._require(group_size == -1 or group_size > 0, what, group_size=group_size)

    def _require_positive(self, **sizes: int) -> None:
        for name, value in sizes.items():
            self._require(value > 0, f"{name} must be a positive integer.", **{name: value})

    def get_config(self):
        return self.arguments() | _NOTHING

    def without_data(self) -> Self:
        """The same, for layers to keep: without texts, tokenizer and the model's layers."""
        return type(self)(**(self.get_config() | {"quantization_layer_structure": None}))

    def dtype_policy_string(self) -> str:
        return f"{self.mode}/{self.weight_bits}/{self.group_size}"


_NOTHING = {"dataset": None, "tokenizer": None}


@register("quantization_config")
class GPTQConfig(_Calibrated):
    """Weights of few bits, each rounded so that it makes up for what those before it lost.

    Args:
        per_channel: whether each output has a scale of its own.
        hessian_damping: the share of its mean that is added to the Hessian's diagonal.
        symmetric: whether a range lies around 0.
        activation_order: whether the inputs that are largest come first.

    Reference: Frantar et al., 2022, arXiv:2210.17323.
    """

    mode = "gptq"
    bits = (2, 3, 4, 8)

    def __init__(
        self,
        dataset,
        tokenizer,
        *,
        weight_bits: int = 4,
        num_samples: int = 128,
        per_channel: bool = True,
        sequence_length: int = 512,
        hessian_damping: float = 0.01,
        group_size: int = 128,
        symmetric: bool = False,
        activation_order: bool = False,
        quantization_layer_structure: dict | None = None,
    ):
        super().__init__(
            dataset, tokenizer, weight_bits, num_samples, sequence_length, group_size, quantization_layer_structure
        )
        self.per_channel, self.symmetric, self.activation_order = per_channel, symmetric, activation_order
        self.hessian_damping = hessian_damping
        within = 0 <= hessian_damping <= 1
        self._require(within, "hessian_damping must be between 0 and 1.", hessian_damping=hessian_damping)


@register("quantization_config")
class AWQConfig(_Calibrated):
    """Weights of 4 bits; those of inputs that become large are multiplied before they are rounded, and so kept exact.

    Args:
        num_grid_points: how many powers of the inputs' sizes are tried as factors.

    Reference: Lin et al., 2023, arXiv:2306.00978.
    """

    mode = "awq"
    bits = (4,)

    def __init__(
        self,
        dataset,
        tokenizer,
        *,
        weight_bits: int = 4,
        num_samples: int = 128,
        sequence_length: int = 512,
        group_size: int = 128,
        num_grid_points: int = 20,
        quantization_layer_structure: dict | None = None,
    ):
        super().__init__(
            dataset, tokenizer, weight_bits, num_samples, sequence_length, group_size, quantization_layer_structure
        )
        self.num_grid_points = num_grid_points
        self._require_positive(num_grid_points=num_grid_points)
