"""Weights of finished layers as 8-bit integers, and products computed with them."""

import string
from typing import Any

import jax
import jax.numpy as jnp

from tricera import expressions
from tricera.engine import scope
from tricera.engine.inputs import where
from tricera.engine.variable import Variable
from tricera.errors import did_you_mean, report
from tricera.quantizers import AbsMaxQuantizer, Int8QuantizationConfig
from tricera.transform.lora import Adaptable, Frozen

MODES = ("int8", "float8", "int4", "gptq", "awq")


def mode_of(mode: Any, config: Any) -> str:
    """The mode that `quantize` was asked for.

    Raises:
        ValueError: there is no such mode, or mode and config disagree.
        NotImplementedError: Tricera does not compute in it.
    """
    asked = mode if mode is not None else getattr(config, "mode", None)
    if asked not in MODES:
        raise ValueError(
            report(
                f"Invalid quantization mode. Expected one of {MODES}.",
                got=f"mode={asked!r}",
                fix=did_you_mean(str(asked), MODES),
            )
        )
    if config is not None and getattr(config, "mode", asked) != asked:
        raise ValueError(report("`mode` and `config` disagree.", expected=repr(config.mode), got=f"mode={mode!r}"))
    if asked != "int8":
        raise NotImplementedError(
            report(f"Quantization to {asked!r} is not there yet.", expected="'int8'", fix="`quantize('int8')`.")
        )
    return asked


class Quantizable(Adaptable):
    """A layer one weight of which may be 8-bit integers.

    Attributes:
        equation: the product of inputs and weight, as for `einsum`; None: rows of the weight are looked up.
    """

    equation: str | None = "...x,xy->...y"
    quantization_config: Any = None

    @property
    def quantized(self) -> bool:
        """Whether the weight is 8-bit integers."""
        return isinstance(vars(self).get(self.adapted), Frozen) and not self.lora_enabled

    def quantize(self, mode=None, type_check=True, config=None):
        """Make the weight 8-bit integers, with a scale for each output; its inputs become such, too, at each call.

        Args:
            mode: `"int8"`.
            config: an `Int8QuantizationConfig` with quantizers of the user's.

        Raises:
            ValueError: the layer is not built, or is quantized.
            NotImplementedError: another mode; adapters; a class of the user's, unless `type_check=False`.
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
        mode = mode_of(mode, config)
        if self.lora_enabled or (type_check and not type(self).__module__.startswith("tricera.")):
            what = "with adapters" if self.lora_enabled else "of a class of the user's"
            raise NotImplementedError(
                report(
                    f"{where(self)}: Layer.quantize() is not there for layers {what}.",
                    fix="pass `type_check=False`, if its call computes as its base class does."
                    if not self.lora_enabled
                    else "quantize first, or save the weights and load them into a layer without adapters.",
                )
            )
        self.quantization_config = config
        with scope.enter(path=tuple(self.path.split("/")[:-1]), values=None, autocast=None):
            self._to_int8()
        self.dtype_policy = f"{mode}_from_{self.dtype_policy.at(self.path).name}"

    def _finish_build(self) -> None:
        """The end of `build`: adapters, or 8 bits, if the constructor was told so."""
        self._adapt_if_asked()
        asked = self.dtype_policy.at(self.path).quantization_mode
        if asked or self.quantization_config is not None:
            mode_of(asked, self.quantization_config)
            self._to_int8()

    def _to_int8(self) -> None:
        old = getattr(self, self.adapted)
        quantizer = getattr(self.quantization_config, "weight_quantizer", None) or AbsMaxQuantizer()
        axes = self._axes(old.ndim)[1]
        values, scale = quantizer(old.raw(), axis=axes)
        place = next(i for i, variable in enumerate(self._added) if variable is old)
        new = self._frozen(self.adapted, values, "int8", learnable=True)
        self._added[place] = self._added.pop()
        setattr(self, self.adapted, new)
        setattr(self, f"{self.adapted}_scale", self._frozen(f"{self.adapted}_scale", self._slim(scale), old._dtype))

    def _frozen(self, name: str, value: Any, dtype: str, learnable: bool = False) -> Variable:
        variable = self.add_weight(
            value.shape, lambda shape, dtype: value, dtype, name=name, trainable=False, autocast=False
        )
        variable.__class__ = Frozen
        variable.learnable = learnable  # it keeps its place, before the bias
        return variable

    def _slim(self, scale: Any) -> Any:
        """The scale as it is kept: of one axis, where the equation is not the user's."""
        return scale[0] if self.equation == Quantizable.equation else scale if self.equation else scale[..., 0]

    # ---- computing

    def _letters_of(self, ndim: int) -> tuple[str, str, str]:
        """The terms of the equation, its ellipsis as letters, for inputs of `ndim` axes."""
        left, _, outputs = str(self.equation).replace(" ", "").partition("->")
        inputs, _, weight = left.partition(",")
        free = [letter for letter in string.ascii_letters if letter not in str(self.equation)]
        dots = "".join(free[: max(0, ndim - len(inputs.replace("...", "")))])
        return inputs.replace("...", dots), weight, outputs.replace("...", dots)

    def _axes(self, ndim: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The axes of inputs and weight that the product adds up."""
        if self.equation is None:
            return (), (-1,)
        inputs, weight, outputs = self._letters_of(ndim)
        return tuple(
            tuple(i for i, letter in enumerate(term) if letter in other and letter not in outputs)
            for term, other in ((inputs, weight), (weight, inputs))
        )  # type: ignore[return-value]

    def _product(self, inputs: Any) -> Any:
        """`einsum(equation, x, weight)` with both as 8-bit integers, of which the sums are 32-bit ones.

        Its gradient is that of the product with the weight as floats.
        """
        inputs = jnp.asarray(inputs)
        equation = "{},{}->{}".format(*self._letters_of(inputs.ndim))
        weight, scale = getattr(self, self.adapted).value, getattr(self, f"{self.adapted}_scale").value
        axes = self._axes(inputs.ndim)
        scale = jnp.asarray(scale[None] if scale.ndim < weight.ndim else scale, inputs.dtype)
        config = self.quantization_config or Int8QuantizationConfig()
        quantizer = config.activation_quantizer

        def float_product(x: Any, weight: Any, scale: Any) -> Any:
            return jnp.einsum(equation, x, weight.astype(x.dtype) / scale)

        if quantizer is None:
            return float_product(inputs, weight, scale)

        @jax.custom_vjp
        def product(x: Any, weight: Any, scale: Any) -> Any:
            values, x_scale = quantizer(x, axis=axes[0])
            sums = jnp.einsum(equation, values, weight, preferred_element_type="int32")
            return (sums / jnp.einsum(equation, x_scale, scale)).astype(x.dtype)

        def forth(x: Any, weight: Any, scale: Any) -> Any:
            return product(x, weight, scale), (weight, scale)

        def back(kept: Any, gradient: Any) -> Any:
            transposed = jax.linear_transpose(lambda x: float_product(x, *kept), inputs)
            return (*transposed(gradient), None, None)

        product.defvjp(forth, back)
        return product(inputs, weight, scale)

    def _looked_up(self, indices: Any) -> Any:
        """Rows of the weight, as floats."""
        weight, scale = getattr(self, self.adapted).value, getattr(self, f"{self.adapted}_scale").value
        rows, scales = jnp.take(weight, indices, axis=0), jnp.take(scale, indices, axis=0)
        return rows.astype(self.compute_dtype) / scales[..., None].astype(self.compute_dtype)


def quantize_model(model: Any, mode: Any, config: Any, filters: Any = None) -> None:
    """Quantize every layer in a model that can be, and is not yet.

    Args:
        filters: which layers: a function of one, or a pattern of names, or a list of patterns.
    """
    mode_of(mode, config)
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, Quantizable) and layer.built and not layer.quantized and _chosen(layer, filters):
            layer.quantize(mode, config=config)


def _chosen(layer: Any, filters: Any) -> bool:
    if filters is None or callable(filters):
        return filters is None or bool(filters(layer))
    patterns = [filters] if isinstance(filters, str) else filters
    return any(expressions.search(pattern, layer.name) for pattern in patterns)
