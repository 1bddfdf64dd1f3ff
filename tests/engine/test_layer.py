"""Layers that users write, in the ways of Keras 2 and 3."""

import jax
import numpy as np
import pytest

import tricera
from tricera import KerasTensor, layers, ops

X = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")


def scaled(K):
    """A layer in the way of Keras 2: weights by name in `build`, shapes and configuration by hand."""

    class Scaled(K.layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = units

        def build(self, input_shape):
            self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], self.units), initializer="uniform")
            self.bias = self.add_weight(
                name="bias", shape=(self.units,), initializer="ones", regularizer=K.regularizers.L2(0.1)
            )
            self.steps = self.add_weight(name="steps", shape=(), dtype="int32", initializer="zeros", trainable=False)
            super().build(input_shape)

        def call(self, x):
            return K.ops.matmul(x, self.kernel) + self.bias

        def compute_output_shape(self, input_shape):
            return (input_shape[0], self.units)

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    return Scaled


def nested(K):
    """A layer of layers in lists, dicts and tuples, one of them twice."""

    class Nested(K.layers.Layer):
        def __init__(self, depth=2, **kwargs):
            super().__init__(**kwargs)
            self.stack = [K.layers.Dense(3) for _ in range(depth)]
            self.parts = {"head": K.layers.Dense(2), "norms": (K.layers.BatchNormalization(),)}
            self.again = self.stack[0]
            self.total = K.Variable(np.zeros(2, "float32"), trainable=False, name="total")

        def call(self, x, training=False):
            for layer in self.stack:
                x = layer(x)
            return self.parts["norms"][0](self.parts["head"](x), training=training) + self.total

    return Nested


def lossy(K):
    class Lossy(K.layers.Layer):
        def call(self, x):
            self.add_loss(K.ops.mean(x))
            self.add_loss([K.ops.sum(x), K.ops.max(x)])
            return x

    return Lossy


def facts(K):
    K.utils.set_random_seed(1)
    layer = scaled(K)(3, name="mine")
    yield from (layer(X), layer(K.Input((4,))).shape, layer.get_config(), layer.count_params(), layer.losses)
    yield from ([(w.path, w.trainable) for w in layer.weights], layer.compute_output_shape((None, 4)))
    layer = nested(K)(name="nested")
    yield from (layer(X), [w.path for w in layer.weights], [w.path for w in layer.non_trainable_weights])
    layer.stack[0].trainable = False
    yield [w.path for w in layer.trainable_weights]
    layer.trainable = False
    yield from (len(layer.trainable_weights), layer.stack[1].trainable, layer(X, training=True))
    layer.trainable = True
    yield len(layer.trainable_weights)
    model = K.Sequential(
        [K.Input((4,)), lossy(K)(), K.layers.Dense(2, kernel_regularizer="l1", activity_regularizer="l2")]
    )
    for _ in range(2):  # those of the last call alone
        model(X)
        yield model.losses
    norm = K.layers.BatchNormalization()
    norm.build((None, 4))
    values = [[v.value for v in vs] for vs in (norm.trainable_variables, norm.non_trainable_variables)]
    yield from (*norm.stateless_call(*values, X, training=True), norm.moving_mean)


def test_facts_are_those_of_keras(keras, fresh_names):
    for i, (ours, theirs) in enumerate(zip([*facts(tricera)], [*facts(keras)], strict=True)):
        if isinstance(theirs, str | dict | int) or (isinstance(theirs, list) and isinstance(theirs[0], str | tuple)):
            assert ours == theirs, i
        elif isinstance(theirs, list):
            for one, other in zip(ours, theirs, strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5, err_msg=str(i))
        elif isinstance(theirs, tuple) and theirs[0] is None:
            assert tuple(ours) == theirs, i
        else:
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5, err_msg=str(i))


class Pair(layers.Layer):
    def build(self, a_shape, b_shape):
        self.w = self.add_weight(shape=(a_shape[-1], b_shape[-1]), initializer="ones", name="w")

    def call(self, a, b, scale=1.0):
        return ops.sum(a @ self.w * b, -1) * scale


def test_several_arguments():
    pair = Pair()
    np.testing.assert_allclose(pair(X, b=X, scale=2.0), 2 * pair(X, X), rtol=1e-6)
    assert pair(tricera.Input((4,)), tricera.Input((4,)), scale=3.0).shape == (None,)
    assert pair.get_build_config() == {"shapes_dict": {"a_shape": (3, 4), "b_shape": (3, 4)}}


def test_lists_and_dicts_in_and_out():
    class Mix(layers.Layer):
        def build(self, input_shape):
            self.shapes = input_shape

        def call(self, inputs):
            a, b = inputs
            return {"sum": a + b["b"], "parts": (a, b["b"])}

    mix = Mix()
    made = mix([tricera.Input((4,)), {"b": tricera.Input((4,))}])
    assert list(made) == ["sum", "parts"] or sorted(made) == ["parts", "sum"]
    assert made["sum"].shape == (None, 4) and len(made["parts"]) == 2
    assert mix.shapes == [(None, 4), {"b": (None, 4)}]
    np.testing.assert_allclose(mix([X, {"b": X}])["sum"], 2 * X)


def test_who_is_told_of_training():
    seen = []

    class Inner(layers.Layer):
        def call(self, x, training=None):
            seen.append(training)
            return x

    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Inner()

        def call(self, x):
            return self.inner(x)

    outer = Outer()
    for said in ({}, {"training": True}, {"training": False}):
        outer(X, **said)
    assert seen == [None, True, False]


def test_masks_reach_those_who_ask():
    class Count(layers.Layer):
        def call(self, x, mask=None):
            return ops.sum(ops.cast(mask, "float32"), axis=1)

    ids = tricera.Input((3,), dtype="int32")
    embedded = layers.Embedding(5, 2, mask_zero=True)(ids)
    model = tricera.Model(ids, [Count()(embedded), Count()(layers.Dropout(0.5)(embedded))])
    for counts in model(np.array([[1, 2, 0], [1, 0, 0]])):
        assert counts.tolist() == [2, 1]


def test_metrics_of_layers_are_found():
    class Metered(layers.Layer):
        def __init__(self):
            super().__init__()
            self.mean = tricera.metrics.Mean(name="seen")

        def call(self, x):
            self.mean.update_state(x)
            return x

    layer = Metered()
    layer(X)
    assert [metric.name for metric in layer.metrics] == ["seen"]
    np.testing.assert_allclose(layer.metrics[0].result(), X.mean(), rtol=1e-5)


def test_uses_in_graphs():
    dense, x = layers.Dense(2, name="d"), tricera.Input((4,))
    with pytest.raises(AttributeError) as never:
        _ = dense.output
    assert str(never.value) == (
        'Dense layer "d" has never been called and thus has no defined output.\n'
        "  fix:      call it on an `Input`, or put it into a Sequential model with an `Input`."
    )
    first, _ = dense(x), dense(x * 2)
    assert dense.input is x and dense.output is first
    assert (dense.input_shape, dense.output_shape) == ((None, 4), (None, 2))


REFUSED = {
    "counted": (
        lambda: layers.Dense(2, name="d").count_params(),
        ValueError,
        """Dense layer "d": you tried to call `count_params` but the layer isn't built.
  fix:      build it first: `d.build(input_shape)`, or call it on data.""",
    ),
    "weights": (
        lambda: layers.Dense(2, name="d", input_shape=(3,), weights=[np.ones((2, 2)), np.ones(2)]).build((None, 3)),
        ValueError,
        """Dense layer "d": weight shape (3, 2) is not compatible with provided weight shape (2, 2) (weight "d/kernel").
  expected: [(3, 2), (2,)]
  got:      [(2, 2), (2,)]""",
    ),
    "argument": (
        lambda: layers.Dense(2, activaton="relu"),
        TypeError,
        """Dense: Unrecognized keyword argument passed: 'activaton'.
  fix:      did you mean 'activation'?""",
    ),
    "call": (
        lambda: layers.Layer(name="l")(X),
        NotImplementedError,
        """Layer Layer does not have a `call()` method implemented.
  fix:      define `call(self, inputs)` in it.""",
    ),
    "attribute": (
        lambda: layers.Dense(2).count_param(),
        AttributeError,
        """'Dense' object has no attribute 'count_param'.
  fix:      did you mean 'count_params'?""",
    ),
}


@pytest.mark.parametrize("use, kind, text", REFUSED.values(), ids=REFUSED)
def test_what_is_refused(use, kind, text):
    with pytest.raises(kind) as error:
        use()
    assert str(error.value) == text


# ---- shapes that a subclass tells


class Told(layers.Layer):
    """Cannot be traced; says which shapes it would give."""

    def __init__(self, told):
        super().__init__()
        self.told = told

    def call(self, x, other=None):
        raise RuntimeError("only for its shapes")

    def compute_output_shape(self, x_shape):
        return self.told(x_shape)


@pytest.mark.parametrize(
    "told",
    [
        lambda shape: shape,
        lambda shape: (shape, (*shape, 1)),
        lambda shape: [shape, shape],
        lambda shape: {"a": shape, "b": {"c": (shape, shape)}},
    ],
)
def test_shapes_that_are_told_may_be_nested(told):
    layer = Told(told)
    spec = layer.compute_output_spec(KerasTensor((2, 3)), KerasTensor((7,)))
    shapes = jax.tree_util.tree_map(lambda tensor: tensor.shape, spec, is_leaf=lambda x: isinstance(x, KerasTensor))
    assert shapes == told((2, 3))
    assert jax.tree_util.tree_structure(layer(tricera.Input((3,)))) == jax.tree_util.tree_structure(spec)


def builder(build):
    return type("Built", (layers.Layer,), {"build": build, "call": lambda self, foo, bar=None: foo})(name="built")


BUILDS = {
    "no shape": (lambda self, foo_shape, bar: None, """\
`<lambda>()` has the argument `bar`, which does not end in `_shape`.
  expected: foo_shape, bar_shape
  fix:      name the shapes by the arguments of `call`."""),
    "no argument": (lambda self, foo_shape, baz_shape: None, """\
`<lambda>()` has the argument `baz_shape`, but `call()` does not have argument `baz`.
  expected: foo_shape, bar_shape
  fix:      name the shapes by the arguments of `call`."""),
}  # fmt: skip


@pytest.mark.parametrize("case", BUILDS)
def test_what_build_may_ask_for(case):
    build, text = BUILDS[case]
    with pytest.raises(ValueError) as caught:
        builder(build)(np.ones((4, 1)), np.ones((4, 2)))
    assert str(caught.value) == text


def test_build_is_told_the_shapes_by_their_names():
    def build(self, bar_shape, foo_shape):
        self.told = bar_shape, foo_shape

    layer = builder(build)
    layer(np.ones((4, 1)), np.ones((4, 2)))
    assert layer.told == ((4, 2), (4, 1))
