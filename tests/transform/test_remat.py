"""Layers that forget what they computed: the same numbers, and fewer that are kept."""

import jax
import numpy as np
import pytest

import tricera
from tricera import layers
from tricera.engine import scope
from tricera.engine.pure import pure
from tricera.transform.remat import RematScope

X = np.random.default_rng(0).normal(size=(8, 6)).astype("float32")


def build(**options):
    tricera.utils.set_random_seed(0)
    with RematScope(**options):
        inner = [layers.Dense(16, "tanh", name="wide"), layers.BatchNormalization(), layers.Dropout(0.3)]
        inner[0].activity_regularizer = None
        model = tricera.Sequential(
            [layers.Input((6,)), *inner, layers.Dense(1, activity_regularizer="l2", name="last")]
        )
    model.compile("sgd", "mse")
    return model


def checkpoints(model):
    """How many parts of the model's training are computed again."""
    variables = model.variables

    def run(values, x):
        with scope.enter(losses=[]):
            return pure(model, variables, training=True)(values, x)[0]

    program = str(jax.make_jaxpr(run)([v.raw() for v in variables], X))
    return program.count("checkpoint[") + program.count("remat2[")


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "full"},
        {"mode": "activations"},
        {"mode": "larger_than", "output_size_threshold": 100},
        {"mode": "list_of_layers", "layer_names": ["wide"]},
    ],
)
def test_training_is_the_same(options):
    plain, forgetful = build(mode=None), build(**options)
    assert checkpoints(plain) == 0 < checkpoints(forgetful)
    for model in (plain, forgetful):
        tricera.utils.set_random_seed(1)
        model.fit(X, X[:, :1], batch_size=4, epochs=2, verbose=0)
    for ours, theirs in zip(forgetful.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_only_those_that_are_meant_forget():
    counts = {
        threshold: checkpoints(build(mode="larger_than", output_size_threshold=threshold)) for threshold in (100, 1000)
    }
    assert counts[1000] == 0 < counts[100]
    assert checkpoints(build(mode="list_of_layers", layer_names=["none"])) == 0
    with RematScope(), RematScope(mode=None):
        assert layers.Dense(1)._remat is None


def test_functions_forget():
    f = tricera.remat(lambda x: jax.numpy.sin(x) ** 2)
    assert jax.grad(f)(1.0) == pytest.approx(np.sin(2.0))
    assert "remat" in str(jax.make_jaxpr(f)(1.0)) or "checkpoint" in str(jax.make_jaxpr(f)(1.0))


def test_message():
    with pytest.raises(ValueError) as error:
        RematScope("fulll")
    assert str(error.value) == (
        "Invalid mode 'fulll'.\n"
        "  expected: 'full' or 'activations' or 'larger_than' or 'list_of_layers' or None\n"
        "  fix:      did you mean 'full'?"
    )
