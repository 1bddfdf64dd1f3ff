"""Time loops of recurrent layers: one general scan, and LSTM, GRU and simple RNN with gradients written by hand.

All arrays are time-major. The hand-written gradients keep each step's gates and make the weights' gradient one matrix
product after the loop. They can be differentiated again in reverse mode (`grad` of `grad`), but not in forward mode
(`jvp`): pass `activation` explicitly, and the plain scan does both.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp


def project(x, kernel, bias=None):
    """`x @ kernel + bias` for all steps at once: `(batch, time, features) -> (time, batch, units)`."""
    projected = product(jnp.swapaxes(x, 0, 1), kernel)
    return projected if bias is None else projected + bias


def product(x, kernel):
    """`x @ kernel` as a product of two matrices: on CPU, the gradient of one with more axes takes twice the time."""
    return (x.reshape(-1, x.shape[-1]) @ kernel).reshape(*x.shape[:-1], kernel.shape[-1])


def scan_cell(step, inputs, states, mask=None, go_backwards=False, unroll=False):
    """Run `step(inputs[t], states) -> (output, states)` over time.

    Shapes: inputs (any tree) `(time, batch, ...)`; mask `(time, batch)`.

    Args:
        mask: where False, a step keeps the states and repeats the previous output.
        go_backwards: from the last step to the first; outputs come in the order of computation.

    Returns: the last output, all outputs `(time, batch, ...)`, the last states.
    """

    def plain(states, x):
        output, states = step(x, states)
        return states, output

    def masked(carry, step_inputs):
        (old, before), (x, keep) = carry, step_inputs
        output, new = step(x, old)
        choose = partial(_where_kept, keep)
        output = jax.tree.map(choose, output, before)
        return (jax.tree.map(choose, new, old), output), output

    scan = partial(lax.scan, reverse=go_backwards, unroll=bool(unroll))
    if mask is None:
        states, outputs = scan(plain, states, inputs)
    else:
        before = _output_before(step, inputs, states)
        (states, _), outputs = scan(masked, (states, before), (inputs, mask.astype(bool)))
    outputs = jax.tree.map(lambda y: jnp.flip(y, 0), outputs) if go_backwards else outputs
    return jax.tree.map(lambda y: y[-1], outputs), outputs, states


def lstm(
    projected, h0, c0, recurrent_kernel, mask=None, go_backwards=False, unroll=False, return_sequences=True,
    activation=None, recurrent_activation=None,
):  # fmt: skip
    """Long short-term memory: `c' = f c + i g`, `h' = o tanh(c')`, gates `i, f, g, o` of `projected + h @ kernel`.

    Shapes: projected `(time, batch, 4 * units)`; h0, c0 `(batch, units)`; recurrent_kernel `(units, 4 * units)`.

    Args:
        activation, recurrent_activation: tanh and sigmoid where both are None.

    Returns: the last output; all outputs `(time, batch, units)`, None without `return_sequences`; `(h, c)`.

    Reference: Hochreiter and Schmidhuber, 1997; Gers et al., 2000.
    """
    if activation is None and recurrent_activation is None:
        return _run(_LSTM, projected, (h0, c0), (recurrent_kernel,), mask, go_backwards, unroll, return_sequences)
    activation, recurrent_activation = activation or jnp.tanh, recurrent_activation or jax.nn.sigmoid

    def step(x, states):
        h, c = states
        i, f, g, o = jnp.split(x + h @ recurrent_kernel, 4, -1)
        c = recurrent_activation(f) * c + recurrent_activation(i) * activation(g)
        h = recurrent_activation(o) * activation(c)
        return h, (h, c)

    return scan_cell(step, projected, (h0, c0), mask, go_backwards, unroll)


def gru(
    projected, h0, recurrent_kernel, recurrent_bias=None, mask=None, go_backwards=False, unroll=False,
    return_sequences=True, reset_after=True, activation=None, recurrent_activation=None,
):  # fmt: skip
    """Gated recurrent unit: `h' = z h + (1 - z) g`, gates `z, r, g`; `r` scales `h` before or after its product.

    Shapes: projected `(time, batch, 3 * units)`; h0 `(batch, units)`; recurrent_kernel `(units, 3 * units)`;
    recurrent_bias `(3 * units,)`, with `reset_after` only.

    Args:
        activation, recurrent_activation: tanh and sigmoid where both are None.

    Returns: the last output; all outputs `(time, batch, units)`, None without `return_sequences`; `(h,)`.

    Reference: Cho et al., 2014, arXiv:1406.1078; with `reset_after`, the variant of cuDNN.
    """
    if reset_after and recurrent_bias is None:
        recurrent_bias = jnp.zeros(recurrent_kernel.shape[-1:], recurrent_kernel.dtype)
    if reset_after and activation is None and recurrent_activation is None:
        weights = (recurrent_kernel, recurrent_bias)
        return _run(_GRU, projected, (h0,), weights, mask, go_backwards, unroll, return_sequences)
    activation, recurrent_activation = activation or jnp.tanh, recurrent_activation or _sigmoid
    units = h0.shape[-1]

    def step(x, states):
        (h,) = states
        if reset_after:
            inner = h @ recurrent_kernel + recurrent_bias
            z, r = jnp.split(recurrent_activation(x[:, : 2 * units] + inner[:, : 2 * units]), 2, -1)
            g = activation(x[:, 2 * units :] + r * inner[:, 2 * units :])
        else:
            gates = recurrent_activation(x[:, : 2 * units] + h @ recurrent_kernel[:, : 2 * units])
            z, r = jnp.split(gates, 2, -1)
            g = activation(x[:, 2 * units :] + (r * h) @ recurrent_kernel[:, 2 * units :])
        h = z * h + (1 - z) * g
        return h, (h,)

    return scan_cell(step, projected, (h0,), mask, go_backwards, unroll)


def simple_rnn(
    projected, h0, recurrent_kernel, mask=None, go_backwards=False, unroll=False, return_sequences=True,
    activation=None,
):  # fmt: skip
    """Fully connected recurrence: `h' = tanh(projected + h @ kernel)`.

    Shapes: projected `(time, batch, units)`; h0 `(batch, units)`; recurrent_kernel `(units, units)`.

    Args:
        activation: tanh where None.

    Returns: the last output; all outputs `(time, batch, units)`, None without `return_sequences`; `(h,)`.
    """
    if activation is None:
        return _run(_SIMPLE, projected, (h0,), (recurrent_kernel,), mask, go_backwards, unroll, return_sequences)

    def step(x, states):
        h = activation(x + states[0] @ recurrent_kernel)
        return h, (h,)

    return scan_cell(step, projected, (h0,), mask, go_backwards, unroll)


class _Cell(NamedTuple):
    """One step and its gradient. The first state is the output.

    forward: `(x, states, weights) -> (states, saved)`; backward: `(slopes of states, states before, states after,
    saved, weights) -> (slope of x, slopes of states before)`; gradients: `(slopes of x, states before, saved)`, for all
    steps at once `-> slopes of the weights`.
    """

    forward: Callable
    backward: Callable
    gradients: Callable


def _run(cell, projected, states, weights, mask, go_backwards, unroll, return_sequences):
    states = tuple(state.astype(projected.dtype) for state in states)
    mask = None if mask is None else mask.astype(bool)
    settings = (cell, bool(go_backwards), bool(unroll), bool(return_sequences))
    outputs, states = _loop(settings, projected, states, weights, mask)
    if outputs is not None and go_backwards:
        outputs = jnp.flip(outputs, 0)
    return states[0], outputs, states


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _loop(settings, projected, states, weights, mask):
    return _loop_forward(settings, projected, states, weights, mask)[0]


def _loop_forward(settings, projected, states, weights, mask):
    cell, reverse, unroll, return_sequences = settings

    def step(old, inputs):
        x, keep = inputs
        new, saved = cell.forward(x, old, weights)
        new = new if keep is None else tuple(_where_kept(keep, n, o) for n, o in zip(new, old, strict=True))
        return new, (new, saved)

    last, (history, saved) = lax.scan(step, states, (projected, mask), reverse=reverse, unroll=unroll)
    outputs = history[0] if return_sequences else None
    return (outputs, last), (states, weights, mask, history, saved)


def _loop_backward(settings, residuals, slopes):
    cell, reverse, unroll, _ = settings
    first, weights, mask, history, saved = residuals
    before = tuple(_shifted(start, states, reverse) for start, states in zip(first, history, strict=True))

    def step(slopes, inputs):
        slope, keep, before, after, saved = inputs
        if slope is not None:
            slopes = (slopes[0] + slope, *slopes[1:])
        dx, earlier = cell.backward(slopes, before, after, saved, weights)
        if keep is not None:
            dx = _where_kept(keep, dx, 0)
            earlier = tuple(_where_kept(keep, e, s) for e, s in zip(earlier, slopes, strict=True))
        return earlier, dx

    inputs = (slopes[0], mask, before, history, saved)
    first_slopes, dx = lax.scan(step, slopes[1], inputs, reverse=not reverse, unroll=unroll)
    return dx, first_slopes, cell.gradients(dx, before, saved), None


_loop.defvjp(_loop_forward, _loop_backward)


def _lstm_forward(x, states, weights):
    """One tanh for all four gates: `sigmoid(x) = (1 + tanh(x / 2)) / 2`."""
    h, c = states
    scale, offset = (np.repeat(np.array(row, x.dtype), h.shape[-1]) for row in ((0.5, 0.5, 1, 0.5), (0.5, 0.5, 0, 0.5)))
    gates = jnp.tanh((x + h @ weights[0]) * scale) * scale + offset
    i, f, g, o = jnp.split(gates, 4, -1)
    c = f * c + i * g
    return (o * jnp.tanh(c), c), gates


def _lstm_backward(slopes, before, after, gates, weights):
    (dh, dc), (_, c_before), (_, c) = slopes, before, after
    i, f, g, o = jnp.split(gates, 4, -1)
    t = jnp.tanh(c)
    dc = dc + dh * o * (1 - t * t)
    # XLA's CPU fuses a concatenation into what feeds it, and then computes each element by branches.
    others, whence = lax.optimization_barrier(
        (jnp.concatenate([g, c_before, i, t], -1), jnp.concatenate([dc, dc, dc, dh], -1))
    )
    is_g = np.repeat(np.array([False, False, True, False]), c.shape[-1])
    dx = whence * others * jnp.where(is_g, 1 - gates * gates, gates * (1 - gates))
    return dx, (dx @ weights[0].T, dc * f)


def _lstm_gradients(dx, before, gates):
    return (_outer(before[0], dx),)


def _gru_forward(x, states, weights):
    (h,), (kernel, bias) = states, weights
    units = h.shape[-1]
    inner = h @ kernel + bias
    z, r = jnp.split(_sigmoid(x[:, : 2 * units] + inner[:, : 2 * units]), 2, -1)
    inner = inner[:, 2 * units :]
    g = jnp.tanh(x[:, 2 * units :] + r * inner)
    return (z * h + (1 - z) * g,), (z, r, g, inner)


def _gru_backward(slopes, before, after, saved, weights):
    (dh,), (h,), (z, r, g, inner) = slopes, before, saved
    dg = dh * (1 - z) * (1 - g * g)
    dz = dh * (h - g) * z * (1 - z)
    dr = dg * inner * r * (1 - r)
    dh = dh * z + jnp.concatenate([dz, dr, dg * r], -1) @ weights[0].T
    return jnp.concatenate([dz, dr, dg], -1), (dh,)


def _gru_gradients(dx, before, saved):
    units = before[0].shape[-1]
    inner = jnp.concatenate([dx[..., : 2 * units], dx[..., 2 * units :] * saved[1]], -1)
    return _outer(before[0], inner), inner.sum((0, 1))


def _simple_forward(x, states, weights):
    return (jnp.tanh(x + states[0] @ weights[0]),), None


def _simple_backward(slopes, before, after, saved, weights):
    dx = slopes[0] * (1 - after[0] * after[0])
    return dx, (dx @ weights[0].T,)


def _simple_gradients(dx, before, saved):
    return (_outer(before[0], dx),)


_LSTM = _Cell(_lstm_forward, _lstm_backward, _lstm_gradients)
_GRU = _Cell(_gru_forward, _gru_backward, _gru_gradients)
_SIMPLE = _Cell(_simple_forward, _simple_backward, _simple_gradients)


def _sigmoid(x):
    return 0.5 + 0.5 * jnp.tanh(0.5 * x)


def _outer(states, slopes):
    """The gradient of a recurrent kernel, over all steps: `sum_t states[t].T @ slopes[t]`."""
    return jnp.einsum("tbu,tbg->ug", states, slopes)


def _shifted(first, states, reverse):
    """The states before each step."""
    if reverse:
        return jnp.concatenate([states[1:], first[None]])
    return jnp.concatenate([first[None], states[:-1]])


def _where_kept(keep, new, old):
    """`new` where `keep`, which has fewer axes, else `old`."""
    return jnp.where(keep.reshape(keep.shape + (1,) * (new.ndim - keep.ndim)), new, old)


def _output_before(step, inputs, states):
    """What a masked first step repeats: the first state where it is like an output, as in Keras' cells, else zeros."""
    first = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape[1:], x.dtype), inputs)
    output, _ = jax.eval_shape(step, first, states)
    likely = jax.tree.leaves(states)[0] if jax.tree.leaves(states) else None

    def before(spec):
        if likely is not None and (likely.shape, likely.dtype) == (spec.shape, spec.dtype):
            return likely
        return jnp.zeros(spec.shape, spec.dtype)

    return jax.tree.map(before, output)
