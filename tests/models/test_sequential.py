"""Sequential: every way to make one, to change it, and to look into it."""

import numpy as np
import pytest

import tricera
from tricera import layers, models

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(6, 4)).astype("float32"), RANDOM.normal(size=(6, 2)).astype("float32")

FORMS = {
    "input_shape": lambda K: [K.layers.Dense(3, input_shape=(4,)), K.layers.Dense(2)],
    "input_dim": lambda K: [K.layers.Dense(3, input_dim=4), K.layers.Dense(2)],
    "Input": lambda K: [K.Input((4,)), K.layers.Dense(3), K.layers.Dense(2)],
    "batch_shape": lambda K: [K.Input(batch_shape=(2, 4)), K.layers.Dense(3)],
    "InputLayer": lambda K: [K.layers.InputLayer(shape=(4,)), K.layers.Dense(3)],
    "stack first": lambda K: [K.Sequential([K.Input((4,)), K.layers.Dense(3)]), K.layers.Dense(2)],
    "stacks inside": lambda K: [
        K.Input((4,)),
        K.Sequential([K.layers.Dense(3)]),
        K.Sequential([K.layers.Dense(3)]),
        K.layers.Dense(2),
    ],
}


def described(model):
    """What can be asked of a built model, in words and numbers."""
    return [
        [layer.name for layer in model.layers],
        [(weight.path, tuple(weight.shape)) for weight in model.weights],
        [tuple(model.input_shape), tuple(model.output_shape)],
        [tuple(tensor.shape) for tensor in (*model.inputs, *model.outputs)],
        (model.built, model.count_params()),
    ]


pytestmark = pytest.mark.usefixtures("fresh_names")


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_forms_of_the_input_are_those_of_keras(form, keras):
    assert described(tricera.Sequential(form(tricera))) == described(keras.Sequential(form(keras)))


def changed(K):
    model = K.Sequential([K.layers.Dense(3), K.layers.Dense(2)])
    yield model.built, len(model.weights)
    model.build((None, 4))
    yield described(model)
    model.pop()
    yield described(model)
    model.add(K.layers.Dense(5))
    yield described(model)
    yield described(K.Model(source := K.Input((7,)), K.Sequential([K.layers.Dense(3, name="in")], name="s")(source)))


def test_changes_are_those_of_keras(keras):
    for ours, theirs in zip(changed(tricera), changed(keras), strict=True):
        assert ours == theirs


def fitted(K):
    K.utils.set_random_seed(1)
    model = K.Sequential([K.layers.Dense(3), K.layers.BatchNormalization(), K.layers.Dense(2)])
    model.compile("sgd", "mse")
    yield model.fit(X, Y, epochs=2, shuffle=False, verbose=0).history["loss"]
    model.pop()
    yield model.predict(X, verbose=0)
    model.layers[0].trainable = False
    model.add(K.layers.Dense(2))
    model.compile("sgd", "mse")
    yield model.fit(X, Y, shuffle=False, verbose=0).history["loss"]
    yield from model.get_weights()


def test_training_between_changes_is_that_of_keras(keras):
    for ours, theirs in zip([*fitted(tricera)], [*fitted(keras)], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)


def test_a_batch_size_of_keras_2():
    model = tricera.Sequential([layers.Dense(3, batch_input_shape=(2, 4)), layers.Dense(2)])
    assert (model.input_shape, model.output_shape) == ((2, 4), (2, 2))


def test_a_shape_that_came_from_data_does_not_bind():
    model = tricera.Sequential([layers.Conv1D(2, 3), layers.GlobalMaxPooling1D(), layers.Dense(2)])
    model.compile("sgd", "mse")
    model.fit(np.ones((6, 5, 4)), Y, verbose=0)
    assert model.predict(np.ones((2, 7, 4)), verbose=0).shape == (2, 2)
    assert model(np.ones((1, 9, 4), "int32")).dtype == "float32"


def test_a_subclass_is_a_stack():
    class Tower(tricera.Sequential):
        def __init__(self, depth):
            super().__init__(name="tower")
            self.add(tricera.Input((4,)))
            for _ in range(depth):
                self.add(layers.Dense(2))

    tower = Tower(2)
    tower.compile("sgd", "mse")
    tower.fit(X, Y, verbose=0)
    assert len(tower.layers) == 2 and tower.get_config()["depth"] == 2


def test_features_of_a_trained_stack():
    model = tricera.Sequential([layers.Dense(3, name="hidden", input_shape=(4,)), layers.Dense(2)])
    features = models.Model(model.input, model.get_layer("hidden").output)
    np.testing.assert_array_equal(features(X), model.layers[0](X))
    every = models.Model(model.inputs, [layer.output for layer in model.layers])
    np.testing.assert_array_equal(every(X)[1], model(X))
    assert model.get_layer(index=1) is model.layers[1]


def test_masks_pass_through_a_stack_that_knows_no_shapes():
    model = tricera.Sequential([layers.Embedding(5, 3, mask_zero=True), layers.LSTM(2)])
    one, padded = np.array([[1, 2]]), np.array([[1, 2, 0, 0]])
    np.testing.assert_allclose(model(one), model(padded), rtol=1e-6)


REFUSED = {
    "number": (
        lambda: tricera.Sequential([3]),
        ValueError,
        """Only instances of `keras.Layer` can be added to a Sequential model. Received: 3.
  got:      builtins.int""",
    ),
    "same name": (
        lambda: tricera.Sequential([layers.Dense(2, name="a"), layers.Dense(2, name="a")]),
        ValueError,
        """All layers added to a Sequential model should have unique names. \
Name "a" is already the name of a layer in this model.
  fix:      give it another `name=`.""",
    ),
    "second input": (
        lambda: tricera.Sequential([tricera.Input((4,)), tricera.Input((4,))], name="s"),
        ValueError,
        "Sequential model 's' has already been configured to use an input.",
    ),
    "unbuilt": (
        lambda: tricera.Sequential([layers.Dense(2)], name="s").output_shape,
        AttributeError,
        """Sequential model "s" has not been built yet, so it has no output.
  fix:      give its first layer an `Input` or `input_shape=`, call it on data, or `model.build(input_shape)`.""",
    ),
    "empty": (
        lambda: tricera.Sequential(name="s")(X),
        ValueError,
        """Sequential model 's' cannot be built because it has no layers.
  fix:      `model.add(...)`.""",
    ),
    "no layer of the name": (
        lambda: tricera.Sequential([layers.Dense(2, name="hidden")]).get_layer("hiden"),
        ValueError,
        """No such layer: hiden.
  expected: one of hidden
  fix:      did you mean 'hidden'?""",
    ),
    "other libraries' method": (
        lambda: tricera.Sequential().train(X),
        AttributeError,
        """'Sequential' object has no attribute 'train'.
  fix:      did you mean 'fit'?""",
    ),
}


@pytest.mark.parametrize("use, kind, text", REFUSED.values(), ids=REFUSED)
def test_what_is_refused(use, kind, text):
    with pytest.raises(kind) as error:
        use()
    assert str(error.value) == text


# ---- other inputs than one tensor


class Doubled(layers.Layer):
    def call(self, inputs):
        if isinstance(inputs, dict):
            return {name: 2 * x for name, x in inputs.items()}
        return [2 * x for x in inputs]


@pytest.mark.parametrize("given", [{"a": X, "b": X[:, :2]}, [X, X[:, :2]]], ids=["dict", "list"])
def test_inputs_may_be_nested(given):
    model = tricera.Sequential([Doubled()])
    out = model(given)
    assert type(out) is type(given)
    flat = out.values() if isinstance(out, dict) else out
    for ours, x in zip(flat, (X, X[:, :2]), strict=True):
        np.testing.assert_array_equal(ours, 2 * x)
    assert model.built
    shapes = [tensor.shape for tensor in model.inputs]
    assert shapes == [(None, 4), (None, 2)]
    text = []
    model.summary(print_fn=text.append)
    assert "[(None, 4), (None, 2)]" in text[0]
    joined = tricera.Sequential([Doubled(), layers.Dense(2)]) if isinstance(given, list) else None
    if joined is not None:
        with pytest.raises(ValueError, match="expects 1 input"):
            joined(given)


def test_layers_of_several_tensors_may_stand_in_a_stack():
    model = tricera.Sequential([Doubled(), layers.Add(), layers.Dense(2)])
    model.compile("sgd", "mse")
    history = model.fit([X, X], Y, epochs=2, verbose=0).history["loss"]
    assert history[1] < history[0]
    assert model.output_shape == (None, 2)


class Shapeless(layers.Layer):
    def call(self, inputs):
        return inputs + 1.0

    def compute_output_spec(self, *args, **kwargs):
        raise NotImplementedError


def test_layers_that_know_no_shapes_are_called_one_after_another():
    model = tricera.Sequential([Shapeless(), layers.Dense(2, kernel_initializer="ones")])
    np.testing.assert_allclose(model(X), (X + 1).sum(1, keepdims=True).repeat(2, 1), rtol=1e-4)
    assert len(model.weights) == 2
    model.summary(print_fn=str)


def test_an_input_alone_gives_what_it_gets():
    model = tricera.Sequential([tricera.Input((4,))])
    np.testing.assert_array_equal(model(X), X)
    assert tricera.Sequential([model, layers.Dense(2)]).output_shape == (None, 2)


class TwoArguments(layers.Layer):
    def call(self, inputs, training):
        return inputs


def built_for(shape):
    tricera.Sequential([tricera.Input((4,)), layers.Dense(1)], name="stack").build(shape)


NOT_BUILT = {
    "no layers": (lambda: tricera.Sequential(name="empty")(X), ValueError, """\
Sequential model 'empty' cannot be built because it has no layers.
  fix:      `model.add(...)`."""),
    "another shape": (lambda: built_for((None, 3)), ValueError, """\
Sequential model 'stack' has already been configured to use an input of another shape.
  expected: (None, 4)
  got:      (None, 3)
  fix:      build it for this shape, or declare another `Input`."""),
    "two arguments": (lambda: tricera.Sequential([TwoArguments(name="two")]).build((None, 3)), ValueError, """\
Layers added to a Sequential model can only have a single positional argument, the input tensor.
  got:      TwoArguments layer "two" with call(inputs, training)
  fix:      use the functional API, or give the others a default."""),
    "layers": (lambda: setattr(tricera.Sequential(), "layers", []), AttributeError, """\
`Model.layers` attribute is reserved and should not be used.
  fix:      Use `add()` and `pop()` to change the layers in this model."""),
}  # fmt: skip


@pytest.mark.parametrize("case", NOT_BUILT)
def test_what_is_not_built(case):
    call, kind, text = NOT_BUILT[case]
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == text


def test_a_shape_that_fits_may_be_built_for_again():
    built_for((None, 4))
    built_for((8, 4))


@pytest.mark.parametrize("first", [[tricera.Input((4,))], []], ids=["declared", "guessed"])
def test_changes_without_rebuilding_hold_with_the_next_call(first):
    model = tricera.Sequential([*first, layers.Dense(3)])
    assert model(X).shape == (6, 3)
    model.add(layers.Dense(2), rebuild=False)
    assert not model.built
    with pytest.raises(AttributeError, match="has not been built yet"):
        model.outputs  # noqa: B018
    assert model(X).shape == (6, 2)
    assert model.output_shape == (None, 2)
    model.pop(rebuild=False)
    assert model(X).shape == (6, 3)
    assert model.output_shape == (None, 3)


@tricera.saving.register_keras_serializable("stacks")
class Joined(layers.Layer):
    def call(self, inputs):
        return inputs["a"] + inputs["b"]


@pytest.mark.parametrize("kind", ["list", "dict"])
@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_stacks_of_several_inputs_are_saved(name, kind, tmp_path):
    first, given = (layers.Add(), [X, X]) if kind == "list" else (Joined(), {"a": X, "b": X})
    model = tricera.Sequential([first, layers.Dense(2)])
    model(given)
    model.save(tmp_path / name)
    again = tricera.saving.load_model(tmp_path / name)
    np.testing.assert_array_equal(again(given), model(given))
    assert again.input_shape == model.input_shape
