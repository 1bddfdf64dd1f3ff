"""Operations of a program's own in graphs, and the functions of values that Keras' loops for JAX call."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import tricera
from tricera import layers, models, ops, saving

X = np.array([[1.0, -2.0, 3.0]], "float32")


@saving.register_keras_serializable("tests")
class Power(tricera.Operation):
    def __init__(self, exponent, name=None):
        super().__init__(name=name)
        self.exponent = exponent

    def call(self, x, shift=0.0):
        return x**self.exponent + shift


class Said(tricera.Operation):
    def call(self, x):
        return ops.concatenate([x, x], -1)

    def compute_output_spec(self, x):
        return tricera.KerasTensor((*x.shape[:-1], 6), "float32")


def test_an_operation_computes_stands_in_graphs_and_is_saved(tmp_path):
    power = Power(2)
    assert_allclose(power(X), X**2)
    x = tricera.Input((3,))
    model = models.Model(x, layers.Dense(2)(Said()(power(power(x), shift=1.0))))
    twice = model.predict(X, verbose=0)
    assert_allclose(twice, np.tile((X**4) + 1, 2) @ model.layers[-1].kernel + model.layers[-1].bias, rtol=1e-5)
    model.compile("sgd", "mse")
    model.fit(X, np.ones((1, 2)), verbose=0)
    model = models.Model(x, layers.Dense(2)(power(x, shift=2.0)))
    model.save(tmp_path / "model.keras")
    again = saving.load_model(tmp_path / "model.keras")
    assert_allclose(again.predict(X, verbose=0), model.predict(X, verbose=0))
    assert power.input is x and power.output.shape == (None, 3)
    assert power.get_config() == {"exponent": 2, "name": power.name}
    assert models.clone_model(model).predict(X, verbose=0).shape == (1, 2)


def test_a_get_config_of_its_own_adds_to_the_name():
    class Scaled(tricera.Operation):
        def __init__(self, scale, **kwargs):
            super().__init__(**kwargs)
            self.scale = scale

        def call(self, x):
            return self.scale * x

        def get_config(self):
            return {**super().get_config(), "scale": self.scale}

    scaled = Scaled(2.0, name="twice")
    assert scaled.get_config() == {"scale": 2.0, "name": "twice"}
    assert Scaled.from_config(scaled.get_config()).get_config() == scaled.get_config()


@saving.register_keras_serializable("tests")
def doubled(row):
    return row + row


def test_a_graph_with_a_function_of_rows_comes_back_from_its_configuration():
    x = tricera.Input((3,))
    model = models.Model(x, ops.vectorized_map(doubled, x))
    assert_allclose(models.Model.from_config(model.get_config())(X), 2 * X)


def test_a_name_that_is_none_is_told():
    with pytest.raises(ValueError) as error:
        Power(2, name="a/b")
    assert str(error.value) == "`name` must be a string and cannot contain character `/`.\n  got:      'a/b'"


def test_an_operation_without_call_is_told():
    with pytest.raises(NotImplementedError) as error:
        tricera.Operation()(X)
    assert str(error.value) == ("Operation does not define `call`.\n  fix:      write `def call` in Operation.")


def test_the_loss_is_a_function_of_values(keras):
    def results(library):
        inputs = library.Input((3,))
        model = library.Model(inputs, library.layers.Dense(2, kernel_regularizer="l2", name="d")(inputs))
        model.set_weights([np.arange(6, dtype="float32").reshape(3, 2), np.ones(2, "float32")])
        model.compile("sgd", "mse", metrics=["mae"])
        model.jax_state_sync()
        values = [np.full((3, 2), 0.5, "float32"), np.zeros(2, "float32")]
        y = np.full((1, 2), 3, "float32")
        pred, _ = model.stateless_call(values, [], X)
        states = [v.value for v in model.metrics_variables]
        loss, (trained, others, seen) = model.stateless_compute_loss(values, [], states, X, y, pred)
        assert (trained[0].shape, len(others), len(seen)) == ((3, 2), 0, len(states))
        return float(loss)

    assert results(tricera) == pytest.approx(results(keras))


def test_small_methods_are_those_of_keras(keras):
    for library in (tricera, keras):
        layer = library.layers.Layer()
        layer.scale = layer.add_variable((2,), "ones", name="scale")
        layer.mean = library.metrics.Mean()
        assert [v.name for v in layer.metrics_variables] == ["total", "count"]
        assert layer.supports_jit and layer.quantization_mode is None and len(layer.weights) == 1
        scaled = library.optimizers.LossScaleOptimizer(library.optimizers.SGD())
        assert bool(scaled.check_finite([X, None] if library is tricera else [X]))
        assert not bool(scaled.check_finite([X, X * np.inf]))
    images = np.ones((1, 5, 5, 2), "float32")
    ours, theirs = (library.layers.Conv2D(3, 2, strides=2, use_bias=False) for library in (tricera, keras))
    kernel = np.random.default_rng(0).normal(size=(2, 2, 2, 3)).astype("float32")
    for layer in (ours, theirs):
        layer.build(images.shape)
    assert_allclose(ours.convolution_op(images, kernel), theirs.convolution_op(images, kernel), rtol=1e-5)


def test_configurations_take_classes_of_the_program():
    class Mine(layers.Dense):
        pass

    config = layers.TimeDistributed(Mine(2)).get_config()
    made = layers.TimeDistributed.from_config(config, custom_objects={"Mine": Mine})
    assert type(made.layer) is Mine
