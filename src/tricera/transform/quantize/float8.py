"""Products of 8-bit floats, in training too: a scale follows the largest numbers of the last steps."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from tricera.engine import scope
from tricera.quantizers import compute_float8_amax_history, compute_float8_scale, quantize_and_dequantize
from tricera.transform.quantize.terms import Terms

_PRECISE, _WIDE = "float8_e4m3fn", "float8_e5m2"  # for inputs and weights; for gradients
_MEASURED = ("inputs", "kernel", "outputs_grad")


def _rounded(x: Any, scale: Any, dtype: str) -> Any:
    return quantize_and_dequantize(x, scale, dtype, x.dtype)


def _measured(x: Any, scale: Any, history: Any, dtype: str) -> tuple[Any, Any]:
    """The scale and the history of the next step."""
    largest = jnp.asarray(jnp.finfo(dtype).max, "float32")
    return compute_float8_scale(jnp.max(history), scale, largest), compute_float8_amax_history(x, history)


@partial(jax.custom_vjp, nondiff_argnums=(3,))
def _forward(x: Any, scale: Any, history: Any, training: bool) -> Any:
    """`x` rounded to 8 bits; the "gradients" of scale and history are their next values."""
    return _rounded(x, scale, _PRECISE)


def _forth(x: Any, scale: Any, history: Any, training: bool) -> tuple[Any, Any]:
    kept = _measured(x, scale, history, _PRECISE) if training else (jnp.zeros_like(scale), jnp.zeros_like(history))
    return _rounded(x, scale, _PRECISE), kept


_forward.defvjp(_forth, lambda training, kept, gradient: (gradient, *kept))


@jax.custom_vjp
def _backward(y: Any, scale: Any, history: Any) -> Any:
    """`y`, whose gradient is rounded to 8 bits; the "gradients" of scale and history are their next values."""
    return y


def _back(kept: Any, gradient: Any) -> Any:
    return _rounded(gradient, kept[0], _WIDE), *_measured(gradient, *kept, _WIDE)


_backward.defvjp(lambda y, scale, history: (y, (scale, history)), _back)


class Float8:
    """What a layer computes with 8-bit floats. Its weight stays as it is.

    Reference: Micikevicius et al., 2022, arXiv:2209.05433.
    """

    quantizer = None

    @classmethod
    def of(cls, layer: Any, config: Any) -> "Float8":
        """That of a layer, which gets a scale and a history for inputs, kernel and gradients."""
        length = getattr(layer.dtype_policy.at(layer.path), "amax_history_length", 1024)
        for name in _MEASURED:
            for suffix, shape, initializer in (("scale", (), "ones"), ("amax_history", (length,), "zeros")):
                variable = layer.add_weight(
                    shape,
                    initializer,
                    "float32",
                    autocast=False,
                    overwrite_with_gradient=True,
                    name=f"{name}_{suffix}",
                )
                setattr(layer, f"{name}_{suffix}", variable)
        return cls()

    def product(self, layer: Any, inputs: Any) -> Any:
        """`einsum(equation, x, kernel)`."""
        inputs, training = jnp.asarray(inputs), bool(scope.current().training)
        x = _forward(inputs, *_measures(layer, "inputs"), training)
        kernel = _forward(layer.kernel.value, *_measures(layer, "kernel"), training)
        outputs = jnp.einsum(Terms.of(layer.equation, inputs.ndim).equation, x, kernel)
        outputs = _backward(outputs, *_measures(layer, "outputs_grad"))
        if layer.bias is not None and outputs.dtype == "float32":  # XLA's fused products add one of 16 bits
            bias = layer.bias.value
            outputs = outputs + jax.lax.stop_gradient(bias.astype("bfloat16").astype(bias.dtype) - bias)
        return outputs


def _measures(layer: Any, name: str) -> tuple[Any, Any]:
    return getattr(layer, f"{name}_scale").value, getattr(layer, f"{name}_amax_history").value
