"""Derivatives of functions by arguments and by variables."""

import jax
import numpy as np
import pytest
from jax import numpy as jnp

import tricera as keras
from tricera import layers, ops

X = np.linspace(-1, 1, 6, dtype="float32").reshape(2, 3)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [keras.Input((3,)), layers.Dense(2, "tanh"), layers.BatchNormalization(), layers.Dropout(0.5)]
    )


def test_by_arguments():
    assert ops.grad(lambda x: x**3)(2) == 12
    assert ops.grad(lambda a, b: a * b, argnums=(0, -1))(2.0, 3.0) == (3, 2)
    assert ops.grad(lambda p, x: p["w"] * x + p["b"])({"w": 2.0, "b": 1.0}, x=3.0) == {"w": 3, "b": 1}
    assert ops.grad(lambda x: (x * x, "aux"), has_aux=True)(3.0) == (6, "aux")
    assert ops.value_and_grad(lambda x: (x * x, {"x": x}), has_aux=True)(3.0) == ((9, {"x": 3}), 6)
    assert ops.grad(lambda x: ops.grad(lambda y: y**3)(x))(2.0) == 12
    assert ops.grad(lambda x: x * x)(keras.Variable(3.0)) == 6


def test_by_variables_as_jax(model):
    weights = model.trainable_variables

    def loss(x):
        return ops.mean(model(x) ** 2)

    def of_values(values):
        return jnp.mean(model.stateless_call(values, model.non_trainable_variables, X)[0] ** 2)

    value, found = ops.value_and_grad(loss, variables=weights)(X)
    wanted_value, wanted = jax.value_and_grad(of_values)([v.value for v in weights])
    np.testing.assert_allclose(value, wanted_value, rtol=1e-6)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.apply(found, weights)
    assert loss(X) < value


def test_what_the_function_assigns_is_assigned_once(model):
    statistics, seed = model.layers[1].moving_mean, model.layers[2].seed_generator.state
    before = [v.numpy() for v in (statistics, seed)]
    model(X, training=True)
    wanted = [v.numpy() for v in (statistics, seed)]
    for variable, value in zip((statistics, seed), before, strict=True):
        variable.assign(value)
    by = model.trainable_variables
    ops.grad(lambda x: ops.sum(model(x, training=True)), variables=by)(X)
    for variable, value in zip((statistics, seed), wanted, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, rtol=1e-6)


def test_arrays_by_arrays(model):
    weights = model.trainable_variables
    assert ops.jacobian(model)(X).shape == (2, 2, 2, 3)
    assert [j.shape for j in ops.jacobian(model, variables=weights[:1])(X)] == [(2, 2, 3, 2)]
    matrix = np.array([[1, 2], [3, 4]], "float32")
    curvature = ops.hessian(lambda x: x @ ops.convert_to_tensor(matrix) @ x)(np.ones(2, "float32"))
    np.testing.assert_allclose(curvature, matrix + matrix.T)
    assert ops.jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0)) == (6, 3)
    value, pull = ops.vjp(lambda x: x * x, np.arange(3.0, dtype="float32"))
    assert (value.tolist(), pull(jnp.ones(3))[0].tolist()) == ([0, 1, 4], [0, 2, 4])


def test_in_a_graph_and_a_program(model):
    inputs = keras.Input((3,))
    slope = keras.Model(inputs, ops.grad(lambda x: ops.sum(x**3))(inputs))
    np.testing.assert_allclose(slope.predict(X, verbose=0), 3 * X**2, rtol=1e-6)
    derivative = ops.grad(lambda x: ops.sum(model(x)), variables=model.trainable_variables)
    for one, other in zip(jax.jit(derivative)(X), derivative(X), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_what_has_no_gradient():
    with pytest.raises(ValueError) as error:
        ops.grad(lambda x: x)(X)
    assert str(error.value) == (
        "A gradient is that of one number, such as a loss.\n"
        "  expected: shape ()\n"
        "  got:      shape (2, 3)\n"
        "  fix:      take its mean or sum, or ask for `ops.jacobian`."
    )
    with pytest.raises(ValueError) as error:
        ops.grad(lambda x: ops.sum(x))(np.arange(3))
    assert str(error.value) == (
        "There is no derivative by whole numbers.\n"
        "  expected: floats\n"
        "  got:      int32\n"
        "  fix:      cast them: `ops.cast(x, 'float32')`."
    )
    with pytest.raises(ValueError) as error:
        ops.grad(lambda x: x * x)(x=2.0)
    assert str(error.value) == (
        "`argnums` names an argument that the function was not given.\n"
        "  expected: less than 0\n"
        "  got:      0\n"
        "  fix:      pass it in its place, not by name."
    )
