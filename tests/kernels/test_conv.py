"""Convolutions against `lax`, whose gradients JAX derives."""

import jax
import numpy as np
import pytest
from jax import export, lax
from jax import numpy as jnp

from tricera.kernels import conv as kernels
from tricera.kernels.conv import conv, conv_transpose, depthwise_conv, dimension_numbers

CASES = {
    "few products": ((2, 7, 8, 1), (3, 3, 1, 8), 1, "valid", 1),
    "few products, same": ((2, 7, 8, 3), (3, 3, 3, 8), 1, "same", 1),
    "valid": ((2, 7, 8, 5), (3, 2, 5, 4), 1, "valid", 1),
    "same": ((2, 7, 8, 5), (3, 2, 5, 4), 1, "same", 1),
    "strides": ((2, 8, 9, 5), (3, 2, 5, 4), (2, 3), "valid", 1),
    "strides, same": ((2, 8, 9, 5), (3, 3, 5, 4), 2, "same", 1),
    "window below stride": ((2, 8, 9, 5), (1, 1, 5, 4), 2, "same", 1),
    "dilation": ((2, 9, 8, 5), (3, 2, 5, 4), 1, "same", (2, 3)),
    "pairs": ((2, 5, 6, 5), (3, 2, 5, 4), 2, ((2, 1), (0, 3)), 1),
    "groups": ((2, 5, 6, 6), (3, 2, 3, 4), 1, "valid", 1),
    "depthwise": ((2, 7, 8, 3), (3, 2, 1, 6), 1, "same", 1),
    "depthwise, strides": ((2, 7, 8, 3), (3, 2, 1, 3), (2, 3), "same", 1),
    "depthwise, dilation": ((2, 7, 8, 3), (3, 2, 1, 3), 1, "valid", (2, 3)),
    "few products, dilation": ((2, 7, 8, 1), (3, 2, 1, 8), 1, "valid", (2, 3)),
    "line": ((2, 9, 5), (3, 5, 4), 2, "valid", 1),
    "volume": ((2, 4, 5, 6, 3), (2, 3, 2, 3, 4), 1, "same", 1),
}


def arrays(*shapes):
    rng = np.random.default_rng(0)
    return [jnp.asarray(rng.normal(size=shape), jnp.float32) for shape in shapes]


def reference(x, kernel, strides, padding, dilation):
    rank = kernel.ndim - 2
    pads = padding.upper() if isinstance(padding, str) else padding
    return lax.conv_general_dilated(
        x,
        kernel,
        np.broadcast_to(strides, rank),
        pads,
        rhs_dilation=np.broadcast_to(dilation, rank),
        dimension_numbers=dimension_numbers(rank, "channels_last"),
        feature_group_count=x.shape[-1] // kernel.shape[-2],
    )


@pytest.mark.parametrize("case", CASES)
def test_value_and_gradients(case):
    x_shape, kernel_shape, strides, padding, dilation = CASES[case]
    x, kernel = arrays(x_shape, kernel_shape)
    expected, pull = jax.vjp(lambda x, k: reference(x, k, strides, padding, dilation), x, kernel)
    y, pull_ours = jax.vjp(lambda x, k: conv(x, k, strides, padding, "channels_last", dilation), x, kernel)
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)
    for ours, theirs in zip(pull_ours(expected), pull(expected), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


def test_channels_first_is_channels_last_moved():
    x, kernel = arrays((2, 7, 8, 5), (3, 2, 5, 4))
    y = conv(jnp.moveaxis(x, -1, 1), kernel, 2, "same", "channels_first")
    np.testing.assert_allclose(y, jnp.moveaxis(conv(x, kernel, 2, "same"), -1, 1), rtol=1e-6)


def test_causal_sees_no_later_step():
    x, kernel = arrays((1, 6, 2), (3, 2, 4))
    y = conv(x, kernel, 1, "causal", "channels_last", 2)
    later = conv(x.at[:, 4:].set(7.0), kernel, 1, "causal", "channels_last", 2)
    assert y.shape == (1, 6, 4)
    np.testing.assert_array_equal(y[:, :4], later[:, :4])


def test_depthwise_is_one_convolution_a_channel():
    x, kernel = arrays((2, 5, 6, 3), (2, 2, 3, 2))
    y = depthwise_conv(x, kernel)
    for channel in range(3):
        alone = reference(x[..., channel, None], kernel[:, :, channel, None], 1, "valid", 1)
        np.testing.assert_allclose(y[..., 2 * channel : 2 * channel + 2], alone, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_transpose_is_that_of_lax(data_format):
    x, kernel = arrays((2, 4, 5, 3), (3, 2, 6, 3))
    pads, x = [(2, 1), (1, 2)], x if data_format == "channels_last" else jnp.moveaxis(x, -1, 1)
    numbers = dimension_numbers(2, data_format)

    def reference(x, kernel):
        return lax.conv_transpose(x, kernel, (2, 3), pads, dimension_numbers=numbers, transpose_kernel=True)

    expected, pull = jax.vjp(reference, x, kernel)
    y, pull_ours = jax.vjp(lambda x, k: conv_transpose(x, k, (2, 3), pads, data_format), x, kernel)
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)
    for ours, theirs in zip(pull_ours(expected), pull(expected), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


def test_forward_mode_second_order_and_vmap():
    x, kernel = arrays((2, 5, 5, 4), (2, 2, 4, 4))

    def loss(function, k):
        return jnp.sum(function(function(x, k, 1, "valid", 1), k, 2, "same", 1) ** 3)

    def ours(x, k, strides, padding, dilation):
        return conv(x, k, strides, padding, "channels_last", dilation)

    for derive in (
        lambda f: jax.grad(lambda k: jnp.sum(jax.grad(f)(k) ** 2)),
        lambda f: jax.jvp(f, (kernel,), (kernel,))[1],
    ):
        results = [derive(lambda k, f=f: loss(f, k)) for f in (ours, reference)]
        a, b = [result(kernel) if callable(result) else result for result in results]
        np.testing.assert_allclose(a / jnp.abs(b).max(), b / jnp.abs(b).max(), atol=1e-4)
    np.testing.assert_allclose(
        jax.vmap(conv, (0, None))(x[:, None], kernel)[:, 0], conv(x, kernel), rtol=1e-5, atol=1e-5
    )


def test_unknown_sizes_are_inferred():
    b, h = export.symbolic_shape("b, h")
    kernel = jax.ShapeDtypeStruct((3, 3, 4, 6), jnp.float32)
    known = jax.eval_shape(lambda x, k: conv(x, k, 2, "same"), jax.ShapeDtypeStruct((b, 7, 8, 4), jnp.float32), kernel)
    assert str(known.shape) == "(b, 4, 4, 6)"
    unknown = jax.eval_shape(lambda x, k: conv(x, k), jax.ShapeDtypeStruct((b, h, 8, 4), jnp.float32), kernel)
    assert str(unknown.shape) == "(b, max(h - 2, 0), 6, 6)"


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_keeps_its_dtype(dtype):
    x, kernel = arrays((2, 5, 5, 1), (2, 2, 1, 8))
    y, pull = jax.vjp(conv, x.astype(dtype), kernel.astype(dtype))
    assert y.dtype == dtype
    assert all(slope.dtype == dtype for slope in pull(y))


def test_other_devices_get_the_plain_lowering(monkeypatch):
    monkeypatch.setattr(kernels, "platform", lambda: "gpu")
    x, kernel = arrays((2, 5, 5, 1), (2, 2, 1, 8))
    assert "tricera_conv" not in str(jax.make_jaxpr(conv)(x, kernel))
