"""Products of features by a matrix of weights, as they are computed best on the CPU.

`_product` is a primitive, and so is `_slope`, its gradient by the weights; the gradients of both are these two again:
both modes of differentiation, any number of times. Small ones go through `native`'s code in C, where it is at hand.
XLA has its fast library for products whose left operand is summed over its last axis; for the others `_slope` turns an
operand or the result.
"""

import jax
from jax import lax
from jax import numpy as jnp
from jax.interpreters import ad, batching, mlir

from tricera.kernels import native
from tricera.kernels.primitive import Primitive
from tricera.machine import platform

_WIDE = 512  # where both sides of the weights are wider, turning costs more than it saves
_MANY = 4  # so many times more samples than units: the result is smaller than the operand
_FEW_WEIGHTS, _FEW_SAMPLES = 4096, 8  # up to so many weights are turned in no time, against the product of more samples


def matmul(x1, x2):
    """The matrix product over the last two axes, the others broadcast.

    Shapes: `(..., features), (features, units) -> (..., units)` is what is looked after.
    """
    if not _is_dense(x1, x2):
        return jnp.matmul(x1, x2)
    native.begin()
    y = _product.bind(x1.reshape(-1, x1.shape[-1]), x2)
    return y.reshape(*x1.shape[:-1], x2.shape[-1])


def _is_dense(x1, x2) -> bool:
    known = all(isinstance(size, int) and size for size in (*x1.shape, *x2.shape))
    floats = x1.dtype == x2.dtype and jnp.issubdtype(x1.dtype, jnp.floating)
    fits = x1.ndim >= 2 == x2.ndim and x1.shape[-1] == x2.shape[0]
    return known and floats and fits and platform() == "cpu"


def _by_turned(x, weights):
    """`x` by the transposed weights."""
    if weights.size <= _FEW_WEIGHTS and x.shape[0] >= _FEW_SAMPLES:
        return _product.bind(x, weights.T)
    return lax.dot_general(x, weights, (((1,), (1,)), ((), ())))


def _sum_over_samples(x, slope):
    """The gradient by the weights, in XLA's code."""
    samples, units = slope.shape
    if min(x.shape[1], units) > _WIDE:
        return _plain_slope(x, slope)
    if samples >= _MANY * units:
        return lax.optimization_barrier(lax.dot(lax.optimization_barrier(slope.T), x)).T
    return lax.dot(lax.optimization_barrier(x.T), slope)


def _plain_slope(x, slope):
    return lax.dot_general(x, slope, (((0,), (0,)), ((), ())))


def _primitive(name, shape, in_c, in_xla, plain, by_left, by_right) -> Primitive:
    """A product of two matrices.

    Args:
        shape: of the result, from the operands' shapes.
        in_c: of `native`; in_xla: where that gives nothing.
        plain: the same for batches of them.
        by_left, by_right: gradients, from the result's and both operands.
    """

    def lowered(left, right):
        result = jax.ShapeDtypeStruct(shape(left.shape, right.shape), left.dtype)
        return (in_c(left, right, result) or in_xla)(left, right)

    primitive = Primitive(name)
    primitive.def_impl(jax.jit(primitive.bind))
    primitive.def_abstract_eval(lambda left, right: left.update(shape=shape(left.shape, right.shape)))
    mlir.register_lowering(primitive, mlir.lower_fun(lowered, multiple_results=False))
    ad.defbilinear(primitive, by_left, by_right)
    batching.primitive_batchers[primitive] = lambda operands, axes: (jax.vmap(plain, axes)(*operands), 0)
    return primitive


_product = _primitive(
    "tricera_product",
    lambda x, weights: (x[0], weights[1]),
    native.product,
    lax.dot,
    lax.dot,
    lambda slope, x, weights: _by_turned(slope, weights),
    lambda slope, x, weights: _slope.bind(x, slope),
)
_slope = _primitive(
    "tricera_product_slope",
    lambda x, slope: (x[1], slope[1]),
    native.product_slope,
    _sum_over_samples,
    _plain_slope,
    lambda weights, x, slope: _by_turned(slope, weights),
    lambda weights, x, slope: _product.bind(x, weights),
)
