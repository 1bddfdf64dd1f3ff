"""The kernels in C: against a sum over the window in float64, in every transformation, and how the library is got."""

import os
import shutil
import subprocess
import sys
import textwrap

import jax
import numpy as np
import pytest
from jax import export
from jax import numpy as jnp

from tricera.kernels import native
from tricera.kernels.conv import conv
from tricera.kernels.native import build
from tricera.kernels.product import matmul
from tricera.kernels.rows import take

# (x shape, kernel shape, strides, padding). Winograd's way is taken from 8 channels and 24 tiles of 4x4 on; the
# gradient by the kernel takes it from 64 tiles on.
CASES = {
    "winograd": ((3, 21, 22, 19), (3, 3, 19, 37), (1, 1), ((1, 1), (1, 1))),
    "winograd, whole vectors": ((8, 14, 14, 32), (3, 3, 32, 32), (1, 1), ((0, 0), (0, 0))),
    "winograd forward only": ((1, 24, 19, 8), (3, 3, 8, 8), (1, 1), ((2, 2), (0, 2))),
    "one channel": ((2, 9, 12, 1), (3, 3, 1, 20), (1, 1), ((0, 0), (0, 0))),
    "three channels, same": ((2, 9, 12, 3), (3, 3, 3, 32), (1, 1), ((1, 1), (1, 1))),
    "one image": ((1, 3, 3, 40), (3, 3, 40, 5), (1, 1), ((0, 0), (0, 0))),
    "strides": ((3, 11, 10, 6), (5, 4, 6, 49), (2, 3), ((2, 2), (1, 2))),
    "one place, strides": ((2, 7, 6, 9), (1, 1, 9, 17), (2, 2), ((0, 0), (0, 0))),
}

# samples, features, units: around the sizes of vectors, of blocks, and of what threads share.
PRODUCTS = {
    "blocks and vectors": (16, 64, 64),
    "nothing fits": (13, 21, 45),
    "a few columns": (32, 784, 10),
    "one vector and a rest": (7, 99, 17),
    "several threads": (100, 131, 200),
}


@pytest.fixture(scope="module", autouse=True)
def built():
    """The library, which must be there where a compiler is."""
    if build._compiler() is None:
        pytest.skip("no C compiler")
    assert native.state().startswith("native kernels are used: ")


def arrays(*shapes, dtype="float32"):
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


def windows(x, kernel_shape, strides, out):
    """For each place of the window, the slice of `x` that all windows see there."""
    for u, v in np.ndindex(*kernel_shape[:2]):
        rows = slice(u, u + (out[1] - 1) * strides[0] + 1, strides[0])
        yield (u, v), x[:, rows, v : v + (out[2] - 1) * strides[1] + 1 : strides[1]]


def by_hand(x, kernel, slope, strides, padding):
    """The convolution and the gradients of `sum(y * slope)`, in float64."""
    x, kernel, slope = (np.asarray(a, "float64") for a in (x, kernel, slope))
    wide = np.pad(x, ((0, 0), *padding, (0, 0)))
    y, by_x, by_kernel = np.zeros(slope.shape), np.zeros(wide.shape), np.zeros(kernel.shape)
    seen = windows(by_x, kernel.shape, strides, slope.shape)
    for (place, part), (_, part_of_gradient) in zip(
        windows(wide, kernel.shape, strides, slope.shape), seen, strict=True
    ):
        y += part @ kernel[place]
        by_kernel[place] = np.tensordot(part, slope, ((0, 1, 2), (0, 1, 2)))
        part_of_gradient += slope @ kernel[place].T
    (top, _), (left, _) = padding
    return y, by_x[:, top : top + x.shape[1], left : left + x.shape[2]], by_kernel


@pytest.mark.parametrize("case", PRODUCTS)
def test_product_and_gradients(case):
    samples, features, units = PRODUCTS[case]
    x, weights, slope = arrays((samples, features), (features, units), (samples, units))

    def both(x, weights, slope):
        y, pull = jax.vjp(matmul, x, weights)
        return y, *pull(slope)

    program = jax.jit(both).lower(x, weights, slope)
    assert "@tricera_product_slope_" in program.as_text()
    x, weights, slope = (a.astype("float64") for a in (x, weights, slope))
    for ours, right in zip(
        program.compile()(*map(np.float32, (x, weights, slope))),
        (x @ weights, slope @ weights.T, x.T @ slope),
        strict=True,
    ):
        np.testing.assert_allclose(ours, right, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "bool"])
def test_rows_are_taken_as_the_order_names_them(dtype):
    x = (np.random.default_rng(0).random((9, 5, 700)) * 3).astype(dtype)
    order = np.asarray([8, 0, 3, 3, 7, 1], "int32")
    program = jax.jit(lambda *given: take(*given, size=4)).lower(x, order, np.int32(1))
    assert "@tricera_take_" in program.as_text()
    np.testing.assert_array_equal(program.compile()(x, order, np.int32(1)), x[order[1:5]])
    each = jax.vmap(lambda order: take(x, order, 0, 2))(order.reshape(3, 2))
    np.testing.assert_array_equal(each, x[order.reshape(3, 2)])


@pytest.mark.parametrize("case", CASES)
def test_value_and_gradients(case):
    x_shape, kernel_shape, strides, padding = CASES[case]
    x, kernel = arrays(x_shape, kernel_shape)

    def both(x, kernel, slope):
        y, pull = jax.vjp(lambda x, k: conv(x, k, strides, padding), x, kernel)
        return y, *pull(slope)

    (slope,) = arrays(jax.eval_shape(lambda x, k: conv(x, k, strides, padding), x, kernel).shape)
    program = jax.jit(both).lower(x, kernel, slope)
    assert program.as_text().count("@tricera_conv_") == (3 if strides == (1, 1) else 2)
    results = program.compile()(x, kernel, slope)
    for ours, exact in zip(results, by_hand(x, kernel, slope, strides, padding), strict=True):
        assert np.abs(ours - exact).max() < 1e-5 * np.sqrt((exact**2).mean())
        assert np.sqrt(((ours - exact) ** 2).mean()) < 1.2e-6 * np.sqrt((exact**2).mean())


def test_loops_second_order_forward_mode_and_vmap(monkeypatch):
    x, kernel = arrays((4, 16, 16, 8), (3, 3, 8, 8))
    x, kernel = jnp.asarray(x), jnp.asarray(kernel) / 8

    def once(k):
        return jnp.sum(conv(conv(x, k), k, 1, "same") ** 3)

    def all_of(kernel):
        looped = jax.lax.fori_loop(0, 2, lambda i, k: k - 1e-5 * jax.grad(once)(k), kernel)
        twice = jax.grad(lambda k: jnp.sum(jax.grad(once)(k) ** 2))(kernel)
        return looped, twice, jax.jvp(once, (kernel,), (kernel,))[1], jax.vmap(conv, (0, None))(x[:, None], kernel)

    ours = jax.jit(all_of)(kernel)
    monkeypatch.setattr(native.library, "_state", "native kernels are not used: a test")
    jax.clear_caches()
    for a, b in zip(ours, jax.jit(all_of)(kernel), strict=True):
        np.testing.assert_allclose(a / jnp.abs(b).max(), b / jnp.abs(b).max(), atol=2e-5)


def test_the_same_bits_every_time():
    x, kernel, slope = arrays((8, 26, 26, 16), (3, 3, 16, 24), (8, 24, 24, 24))
    run = jax.jit(lambda x, k, s: jax.vjp(conv, x, k)[1](s))
    first = run(x, kernel, slope)
    for _ in range(20):
        for a, b in zip(first, run(x, kernel, slope), strict=True):
            np.testing.assert_array_equal(a, b)


def test_what_is_not_taken_goes_to_xla():
    x, kernel = arrays((4, 16, 16, 8), (3, 3, 8, 8))
    line, line_kernel = arrays((2, 9, 8), (3, 8, 8))
    for a, b, rate in ((x.astype("float16"), kernel.astype("float16"), 1), (x, kernel, 2), (line, line_kernel, 1)):
        assert "@tricera_conv_" not in jax.jit(lambda a, b, r=rate: conv(a, b, dilation_rate=r)).lower(a, b).as_text()
    assert export.export(jax.jit(conv))(x, kernel).serialize()  # which foreign calls would forbid


CHILD = """
    import jax, numpy as np
    from tricera import machine
    machine.prepare()
    hits = []
    jax.monitoring.register_event_listener(lambda name, **_: name.endswith("cache_hits") and hits.append(name))
    from tricera.kernels import native
    from tricera.kernels.conv import conv
    y = jax.jit(lambda x, k: conv(x, k).sum())(np.ones((4, 16, 16, 8), "float32"), np.ones((3, 3, 8, 8), "float32"))
    print(float(y), len(hits), native.state())
"""


def test_other_processes_find_library_and_programs(tmp_path):
    built = native.library._file
    shutil.copytree(built.parent, tmp_path / built.parts[-3] / built.parts[-2])

    def child(**settings):
        environment = {**os.environ, "TRICERA_CACHE_DIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", textwrap.dedent(CHILD)]
        return subprocess.Popen(command, env={**environment, **settings}, stdout=subprocess.PIPE, text=True)

    children = child(), child(TRICERA_NATIVE="0")
    first, without = (one.communicate()[0].strip() for one in children)
    total, used = 4.0 * 14 * 14 * 8 * 72, f"native kernels are used: {tmp_path / built.relative_to(built.parents[2])}"
    assert first == f"{total} 0 {used}"
    assert without == f"{total} 0 native kernels are not used: TRICERA_NATIVE=0"
    assert child().communicate()[0].strip() == f"{total} 1 {used}"


@pytest.fixture
def compiler(tmp_path, monkeypatch):
    """Write a compiler that runs this line of shell, $output being what it shall make; an empty cache beside it."""
    monkeypatch.setenv("TRICERA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("TRICERA_CACHE", raising=False)

    def write(line, name="cc"):
        script = tmp_path / name
        script.write_text(f"#!/bin/sh\nfor output; do :; done\n{line.format(built=native.library._file)}\n")
        script.chmod(0o700)
        monkeypatch.setattr(build, "_compiler", lambda: str(script))
        return tmp_path / "cache"

    return write


def test_without_a_compiler_or_where_it_fails(compiler, monkeypatch):
    compiler("echo 'library.c:1: error: no such thing' >&2; exit 1")
    assert (
        build.Library().state()
        == "native kernels are not used: the C compiler failed: library.c:1: error: no such thing"
    )
    compiler("sleep 9")
    monkeypatch.setattr(build, "_SECONDS", 0.05)
    assert build.Library().state() == "native kernels are not used: the C compiler took more than 0.05 s"
    monkeypatch.setattr(build, "_compiler", lambda: None)
    assert build.Library().state() == "native kernels are not used: no C compiler was found"


def test_a_library_appears_whole_or_not_at_all(compiler):
    cache = compiler('head -c 1000 {built} > "$output"; sleep 0.2; cp {built} "$output"')
    several = [build.Library() for _ in range(3)]
    for one in several:
        one.begin()
    assert {one.state() for one in several} == {f"native kernels are used: {several[0]._file}"}
    (folder,) = cache.glob("*/native")
    assert [path.name for path in folder.iterdir()] == [several[0]._file.name]


def test_what_others_may_write_is_not_loaded(compiler):
    cache = compiler('cp {built} "$output"')
    good = build.Library()
    assert good.state() == f"native kernels are used: {good._file}"
    good._file.chmod(0o666)
    assert build.Library().state() == f"native kernels are not used: others may write {good._file}"
    (folder,) = cache.glob("*/native")
    folder.chmod(0o777)
    compiler('cp {built} "$output"', "gcc")
    elsewhere = build.Library()
    assert elsewhere.state() == f"native kernels are used: {elsewhere._file}"
    assert folder not in elsewhere._file.parents and not elsewhere._file.exists()
    shutil.rmtree(folder)
