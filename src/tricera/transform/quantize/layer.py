"""Layers one weight of which may be numbers of few bits."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from tricera.engine import scope
from tricera.engine.inputs import where
from tricera.engine.layer import Layer
from tricera.engine.variable import Variable
from tricera.errors import did_you_mean, report
from tricera.quantizers import (
    AWQConfig,
    Float8QuantizationConfig,
    GPTQConfig,
    Int4QuantizationConfig,
    Int8QuantizationConfig,
    QuantizationConfig,
)
from tricera.transform.lora import Adaptable, Frozen
from tricera.transform.quantize.calibrated import Calibrated
from tricera.transform.quantize.float8 import Float8
from tricera.transform.quantize.integers import Integers

MODES = ("int8", "float8", "int4", "gptq", "awq")
_FORMS = {"int8": Integers, "int4": Integers, "float8": Float8, "gptq": Calibrated, "awq": Calibrated}
_OF_TABLES = ("int8", "int4")
_BY_DEFAULT = {
    "int8": Int8QuantizationConfig,
    "int4": Int4QuantizationConfig,
    "float8": Float8QuantizationConfig,
}


def resolved(mode: Any, config: Any) -> QuantizationConfig:
    """What `quantize` was asked for: its config, or that of the mode.

    Raises:
        ValueError: there is no such mode, mode and config disagree, or the mode needs a config.
    """
    mode, config = (config, None) if isinstance(config, str) else (mode, config)
    if config is not None and not isinstance(config, QuantizationConfig):
        what = "Argument `config` must be an instance of `QuantizationConfig`."
        raise ValueError(report(what, got=f"config={config!r}"))
    asked = mode if mode is not None else getattr(config, "mode", None)
    if asked is None:
        raise ValueError(report("You must provide either `mode` or `config` to `quantize`."))
    if asked not in MODES:
        what = f"Invalid quantization mode. Expected one of {MODES}."
        raise ValueError(report(what, got=f"mode={asked!r}", fix=did_you_mean(str(asked), MODES)))
    if config is None and asked not in _BY_DEFAULT:
        kind = f"{asked.upper()}Config"
        what = f"Mode {asked!r} looks at what the model does with texts."
        raise ValueError(report(what, fix=f"`quantize(config=keras.quantizers.{kind}(dataset, tokenizer))`."))
    config = config or _BY_DEFAULT[asked]()
    if config.mode != asked:
        what = "Contradictory arguments: `mode` and `config` disagree."
        raise ValueError(report(what, expected=repr(config.mode), got=f"mode={mode!r}"))
    return config


def _of_policy(policy: Any) -> QuantizationConfig:
    """What the name of a policy says."""
    mode = policy.quantization_mode
    if mode in ("gptq", "awq"):
        kind = GPTQConfig if mode == "gptq" else AWQConfig
        return kind(None, None, weight_bits=policy.weight_bits, group_size=policy.group_size)
    if mode == "int4":
        return Int4QuantizationConfig(block_size=getattr(policy, "block_size", None))
    return resolved(mode, None)


def or_quantized(product: Callable) -> Callable:
    """A product of inputs and weight, for which a quantized layer takes that of the same name of its form."""
    name = product.__name__.lstrip("_")

    @functools.wraps(product)
    def either(self: Any, inputs: Any) -> Any:
        return product(self, inputs) if self._form is None else getattr(self._form, name)(self, inputs)

    return either


class Quantizable(Adaptable):
    """A layer one weight of which may be numbers of few bits.

    Attributes:
        equation: the product of inputs and weight, as for `einsum`; None: the weight is a table, rows are looked up.
    """

    equation: str | None = "...x,xy->...y"
    quantization_config: Any = None
    _form: Any = None  # how it is quantized, and what it computes in the products' stead

    @property
    def quantized(self) -> bool:
        """Whether the weight is numbers of few bits."""
        return self._form is not None

    @property
    def inputs_quantizer(self) -> Any:
        """What makes inputs whole numbers; None if they stay floats."""
        return getattr(self._form, "quantizer", None)

    @property
    def quantization_mode(self) -> str | None:
        """How the weight is quantized; None if it is not."""
        return self.dtype_policy.at(self.path).quantization_mode

    @property
    def lora_enabled(self) -> bool:
        """Whether it has adapters."""
        numbers = vars(self).get(f"_{self.adapted}")
        return super().lora_enabled or getattr(numbers, "adapters", None) is not None

    @property
    def dtype_policy(self) -> Any:
        """In which dtype it computes and keeps its weights; one that is quantized quantizes a layer that is built."""
        return Layer.dtype_policy.fget(self)  # type: ignore[attr-defined]

    @dtype_policy.setter
    def dtype_policy(self, dtype: Any) -> None:
        Layer.dtype_policy.fset(self, dtype)  # type: ignore[attr-defined]
        if self.built and not self.quantized and self.quantization_mode:
            policy = self.dtype_policy.at(self.path)
            with self._at_home():
                self._become(_of_policy(policy) if "/" in policy.name else resolved(self.quantization_mode, None))

    def quantize(self, mode=None, type_check=True, config=None):
        """Make the weight numbers of few bits.

        Args:
            mode: `"int8"`, `"int4"` or `"float8"`.
            config: what a QuantizationConfig says beside the mode. With GPTQ and AWQ a layer alone has seen no inputs:
                its numbers are rounded to the nearest. A model shows its layers what they meet.

        Raises:
            ValueError: the layer is not built, or is quantized.
            NotImplementedError: a mode that it has not; a class of the user's, unless `type_check=False`.
        """
        if not self.built:
            raise ValueError(
                report(
                    f"{where(self)}: Cannot quantize a layer that isn't yet built.",
                    fix="build it first: call it on data, or `layer.build(input_shape)`.",
                )
            )
        if self.quantized:
            raise ValueError(
                report(f"{where(self)} is already quantized with dtype_policy={self.dtype_policy.name!r}.", got=mode)
            )
        config = resolved(mode, config)
        if type_check and not type(self).__module__.startswith("tricera."):
            raise NotImplementedError(
                report(
                    f"{where(self)}: Layer.quantize() is not there for layers of a class of the user's.",
                    fix="pass `type_check=False`, if its call computes as its base class does.",
                )
            )
        self.become(config)

    def become(self, config: QuantizationConfig, seen: Any = None) -> None:
        """Quantize a layer that is built.

        Args:
            seen: with GPTQ and AWQ, what its inputs are like.
        """
        source = self.dtype_policy.at(self.path).name
        with self._at_home():
            self._become(config, seen)
        Layer.dtype_policy.fset(self, f"{config.dtype_policy_string()}_from_{source}")  # type: ignore[attr-defined]

    def can_be(self, mode: str, type_check: bool = True) -> bool:
        """Whether `quantize` would do something, and not refuse."""
        ours = type(self).__module__.startswith("tricera.") or not type_check
        return self.built and not self.quantized and ours and (self.equation is not None or mode in _OF_TABLES)

    def enable_lora(self, rank, lora_alpha=None, a_initializer="he_uniform", b_initializer="zeros"):
        if self.quantized and not isinstance(self._form, Integers):
            raise NotImplementedError(
                report(f"{where(self)}: lora is not there with {self.quantization_mode!r} quantization.")
            )
        super().enable_lora(rank, lora_alpha, a_initializer, b_initializer)

    def save_own_variables(self, store: Any) -> None:
        """Put the variables' values into `store`; integers that have adapters are made anew, of both."""
        super().save_own_variables(store)
        if self.quantized and self.lora_enabled:
            made = {id(getattr(self, name)): array for name, array in self._form.merged(self).items()}
            for i, variable in enumerate(self._stored()):
                if id(variable) in made:
                    store[str(i)] = made[id(variable)]

    def __getattr__(self, attribute: str) -> Any:
        if attribute == type(self).adapted and vars(self).get("_form") is not None:
            return self._form.numbers(self)
        return super().__getattr__(attribute)

    # ---- how it comes to be so

    def _finish_build(self) -> None:
        """The end of `build`: few bits and adapters, if the constructor was told so."""
        policy = self.dtype_policy.at(self.path)
        if policy.quantization_mode:
            self._become(self.quantization_config or _of_policy(policy))
        self._adapt_if_asked()

    def _at_home(self) -> Any:
        """The scope in which the layer makes variables after it was built."""
        return scope.enter(path=tuple(self.path.split("/")[:-1]), values=None, autocast=None)

    def _become(self, config: QuantizationConfig, seen: Any = None) -> None:
        """Quantize the weight."""
        if self.equation is None and config.mode not in _OF_TABLES:
            what = f"{where(self)}: Invalid quantization mode. Expected one of {_OF_TABLES}."
            raise NotImplementedError(report(what, got=f"mode={config.mode!r}"))
        if self.lora_enabled and config.mode not in _OF_TABLES:
            what = f"{where(self)}: {config.mode!r} quantization is not there with lora."
            raise NotImplementedError(report(what, fix="save the weights and load them into a layer without adapters."))
        with jax.ensure_compile_time_eval():  # a layer may be built while something is traced
            self._form = _FORMS[str(config.mode)].of(self, config, *(() if seen is None else (seen,)))
        kept = config.without_data() if isinstance(config, GPTQConfig | AWQConfig) else config
        self.quantization_config = self._arguments["quantization_config"] = kept

    def _replace(self, name: str, arrays: dict[str, Any], names: dict[str, str] | None = None) -> None:
        """Have variables of these arrays, by attribute, in the place of a weight: the first in its very place."""
        old = vars(self).pop(name)
        place = next(i for i, variable in enumerate(self._added) if variable is old)
        del self._added[place]
        for attribute, array in arrays.items():
            new = self._frozen((names or {}).get(attribute, attribute), array)
            setattr(self, attribute, new)
        if f"_{name}" in arrays:
            first = getattr(self, next(iter(arrays)))
            first.learnable, first.adapters = (
                True,
                getattr(old, "adapters", None),
            )  # it keeps its place, before the bias
            self._added.insert(place, self._added.pop(len(self._added) - len(arrays)))

    def _frozen(self, name: str, array: Any) -> Variable:
        """A variable that holds an array, and that training leaves alone."""
        array = np.asarray(array)
        variable = self.add_weight(
            array.shape,
            lambda shape, dtype: jax.numpy.asarray(array, dtype),
            array.dtype.name,
            name=name.lstrip("_"),
            trainable=False,
            autocast=name != "g_idx",  # 16 bits would not hold the numbers of groups
        )
        variable.__class__ = Frozen
        return variable

    def _attach(self, a: Variable, b: Variable, scale: float) -> None:
        if not self.quantized:
            super()._attach(a, b, scale)
            return
        numbers = getattr(self, f"_{self.adapted}")
        numbers.adapters = (a, b, scale)
        a.absorbed = b.absorbed = True
