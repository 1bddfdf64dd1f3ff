"""Low-rank adapters, against those of Keras."""

import copy
import pickle

import numpy as np
import pytest

import tricera
from tricera import layers, models
from tricera.transform.lora import Adapted

RNG = np.random.default_rng(0)
CASES = {
    "Dense": ({"units": 3, "kernel_regularizer": "l2"}, RNG.normal(size=(4, 5))),
    "EinsumDense": (
        {"equation": "abc,cde->abde", "output_shape": (None, 2, 3), "bias_axes": "e"},
        RNG.normal(size=(4, 2, 5)),
    ),
    "Embedding": ({"input_dim": 6, "output_dim": 3}, RNG.integers(0, 6, (4, 2))),
    "Conv2D": ({"filters": 4, "kernel_size": 2, "groups": 2}, RNG.normal(size=(2, 4, 4, 2))),
    "Conv1D": ({"filters": 3, "kernel_size": 2, "padding": "causal"}, RNG.normal(size=(2, 5, 2))),
}


def made(library, name, rank=2, alpha=3.0):
    """A layer with adapters none of which is zero, from the same numbers for each library."""
    options, x = CASES[name]
    layer = getattr(library.layers, name)(**options)
    layer.build(x.shape)
    layer.enable_lora(rank, lora_alpha=alpha)
    rng = np.random.default_rng(1)
    for variable in sorted(layer.weights, key=lambda v: v.path.rpartition("/")[2]):
        variable.assign(rng.normal(size=variable.shape))
    for variable in sorted(layer.trainable_weights, key=lambda v: v.path.rpartition("/")[2]):
        variable.assign(rng.normal(size=variable.shape))
    return layer, x


@pytest.mark.parametrize("name", CASES)
def test_outputs_and_steps_are_those_of_keras(keras, name):
    """Two steps of training change the small weights as in Keras, and leave the large one alone."""
    results = []
    for library in (tricera, keras):
        layer, x = made(library, name)
        x = x.astype("int32" if name == "Embedding" else "float32")
        first = np.asarray(layer(x))
        model = library.Sequential([library.layers.Input(x.shape[1:], dtype=x.dtype.name), layer])
        model.compile(library.optimizers.SGD(0.01), "mse")
        model.fit(x, np.ones_like(first), batch_size=len(x), epochs=2, verbose=0)
        values = {v.path.rpartition("/")[2]: np.asarray(v.value) for v in layer.trainable_weights}
        results.append((first, np.asarray(layer(x)), values, len(layer.non_trainable_weights), len(layer.losses)))
    ours, theirs = results
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-4, atol=1e-5)
    assert ours[2].keys() == theirs[2].keys()
    for key, value in ours[2].items():
        np.testing.assert_allclose(value, theirs[2][key], rtol=1e-4, atol=1e-5, err_msg=key)
    assert ours[3:] == theirs[3:]


@pytest.mark.parametrize("name", CASES)
def test_files_hold_the_whole(name, tmp_path):
    """Weights go into a layer without adapters; a model comes back with them; a plain file fits one with them."""
    layer, x = made(tricera, name)
    model = tricera.Sequential([layers.Input(x.shape[1:]), layer])
    expected = model.predict(x, verbose=0)
    model.save_weights(tmp_path / "w.weights.h5")
    plain = tricera.Sequential([layers.Input(x.shape[1:]), type(layer)(**CASES[name][0])])
    plain.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_allclose(plain.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-5)
    model.save(tmp_path / "m.keras")
    loaded = models.load_model(tmp_path / "m.keras")
    assert loaded.layers[0].lora_enabled and loaded.layers[0].lora_alpha == 3.0
    np.testing.assert_allclose(loaded.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-5)
    plain.save_weights(tmp_path / "p.weights.h5")
    model.load_weights(tmp_path / "p.weights.h5")
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-5)


def test_keras_reads_the_files(keras, tmp_path):
    layer, x = made(tricera, "Dense")
    model = tricera.Sequential([layers.Input((5,)), layer])
    model.save(tmp_path / "m.keras")
    theirs = keras.models.load_model(tmp_path / "m.keras")
    assert theirs.layers[0].lora_enabled
    np.testing.assert_allclose(theirs.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-4, atol=1e-5)


def test_copies_have_adapters_of_their_own():
    layer, x = made(tricera, "Dense")
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        np.testing.assert_array_equal(twin(x), layer(x))
        assert isinstance(twin.kernel, Adapted) and twin.kernel.adapters[0] is twin.lora_kernel_a
        before = np.asarray(layer(x))
        twin.lora_kernel_b.assign(np.zeros((2, 3)))
        np.testing.assert_array_equal(layer(x), before)


def test_freezing_and_thawing_leave_the_weight_frozen():
    layer, _ = made(tricera, "Dense")
    layer.trainable = False
    assert layer.trainable_weights == []
    layer.trainable = True
    assert [v.name for v in layer.trainable_weights] == ["bias", "lora_kernel_a", "lora_kernel_b"]


def test_programs_are_not_shared_with_models_without():
    """The second model has the structure of the first, but for the adapters."""
    x = np.ones((2, 3), "float32")
    results = []
    for rank in (None, 1):
        model = tricera.Sequential([layers.Input((3,)), layers.Dense(2, kernel_initializer="ones")])
        if rank:
            model.layers[0].enable_lora(rank, b_initializer="ones", a_initializer="ones")
        results.append(model.predict(x, verbose=0)[0, 0])
    assert results == [3.0, 6.0]


def test_messages():
    layer = layers.Dense(2, name="d")
    with pytest.raises(ValueError) as error:
        layer.enable_lora(2)
    assert str(error.value) == (
        'Dense layer "d": Cannot enable lora on a layer that isn\'t yet built.\n'
        "  fix:      build it first: call it on data, or `layer.build(input_shape)`; or pass `lora_rank=`."
    )
    layer.build((None, 3))
    with pytest.raises(ValueError) as error:
        layer.enable_lora(0)
    assert str(error.value) == ('Dense layer "d": `rank` is not a size.\n  expected: a positive integer\n  got:      0')
    layer.enable_lora(1)
    with pytest.raises(ValueError) as error:
        layer.enable_lora(1)
    assert str(error.value) == (
        'Dense layer "d": lora is already enabled.\n  expected: one call of `enable_lora` for each layer'
    )
    with pytest.raises(ValueError) as error:
        layers.Dense(2, kernel_constraint="max_norm", name="c").enable_lora(1)
    assert str(error.value) == (
        'Dense layer "c": Lora is incompatible with kernel constraints.\n'
        "  fix:      remove the `kernel_constraint` argument."
    )
