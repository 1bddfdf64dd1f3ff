"""Rows of an array by their numbers: the samples of a batch, wherever they lie in memory."""

from functools import partial

import jax
from jax import lax
from jax import numpy as jnp
from jax.interpreters import batching, mlir

from tricera.kernels import native
from tricera.kernels.primitive import Primitive
from tricera.machine import platform


def take(x, order, start, size):
    """The `size` rows of `x` that `order` names from place `start` on. Nothing is checked: all must be there.

    Shapes: x `(rows, ...)`, order `(places,)`, start `()` -> `(size, ...)`.
    """
    if platform() != "cpu":
        return _gather(x, order, start, size)
    native.begin()
    return _take.bind(x, order, start, size=size)


def _gather(x, order, start, size):
    return jnp.asarray(x).at[lax.dynamic_slice(order, (start,), (size,))].get(mode="promise_in_bounds")


def _shape(x, order, start, *, size):
    return x.update(shape=(size, *x.shape[1:]))


def _lowered(x, order, start, *, size):
    by_hand = native.take(x, order, _shape(x.aval, order, start, size=size))
    return by_hand(x, order, start) if by_hand else _gather(x, order, start, size)


def _batched(operands, axes, *, size):
    return jax.vmap(partial(_gather, size=size), axes)(*operands), 0


_take = Primitive("tricera_take")
_take.def_impl(jax.jit(_gather, static_argnames="size"))
_take.def_abstract_eval(_shape)
mlir.register_lowering(_take, mlir.lower_fun(_lowered, multiple_results=False))
batching.primitive_batchers[_take] = _batched
