"""Products of features by a matrix of weights, as XLA lowers them best on the CPU.

XLA's CPU has its fast library for products whose left operand is summed over its last axis. The gradient by the weights
that JAX derives sums over the first one: `_product` turns an operand or the result, in both modes of differentiation.
"""

import jax
from jax import lax
from jax import numpy as jnp
from jax.interpreters import ad, batching, mlir

from tricera.kernels.primitive import Primitive
from tricera.machine import platform

_WIDE = 512  # where both sides of the weights are wider, turning costs more than it saves
_MANY = 4  # so many times more samples than units: the result is smaller than the operand


def matmul(x1, x2):
    """The matrix product over the last two axes, the others broadcast.

    Shapes: `(..., features), (features, units) -> (..., units)` is what is looked after.
    """
    if not _is_dense(x1, x2):
        return jnp.matmul(x1, x2)
    y = _product.bind(x1.reshape(-1, x1.shape[-1]), x2)
    return y.reshape(*x1.shape[:-1], x2.shape[-1])


def _is_dense(x1, x2) -> bool:
    known = all(isinstance(size, int) and size for size in (*x1.shape, *x2.shape))
    floats = x1.dtype == x2.dtype and jnp.issubdtype(x1.dtype, jnp.floating)
    fits = x1.ndim >= 2 == x2.ndim and x1.shape[-1] == x2.shape[0]
    return known and floats and fits and platform() == "cpu"


def _by_features(slope, x, weights):
    return lax.dot_general(slope, weights, (((1,), (1,)), ((), ())))


def _by_weights(slope, x, weights):
    samples, units = slope.shape
    if min(weights.aval.shape) > _WIDE:
        return lax.dot_general(x, slope, (((0,), (0,)), ((), ())))
    if samples >= _MANY * units:
        return lax.optimization_barrier(_product.bind(lax.optimization_barrier(slope.T), x)).T
    return _product.bind(lax.optimization_barrier(x.T), slope)


def _batched(operands, axes):
    return jax.vmap(lax.dot, axes)(*operands), 0


_product = Primitive("tricera_product")
_product.def_impl(jax.jit(lax.dot))
_product.def_abstract_eval(lambda x, weights: x.update(shape=(x.shape[0], weights.shape[1])))
mlir.register_lowering(_product, mlir.lower_fun(lax.dot, multiple_results=False))
ad.defbilinear(_product, _by_features, _by_weights)
batching.primitive_batchers[_product] = _batched
