"""Symbolic tensors: what is inferred is what Keras infers, and what is computed later has that shape."""

import numpy as np
import pytest

import tricera
from tricera.engine.graph import Function, KerasTensor

F = np.float32


def over_vectors(K):
    x, y, ops = K.Input((4,)), K.Input((4,)), K.ops
    yield from (x + y, x - 1, 2 * x, x / y, x**2, -x, abs(x), x < y, x[:, 1], x[:, :2], x[..., None], x[0])
    yield from (ops.concatenate([x, y]), ops.sum(x), ops.mean(x, axis=-1, keepdims=True), ops.transpose(x))
    yield from (ops.reshape(x, (-1, 2, 2)), ops.expand_dims(x, 1), x @ np.ones((4, 2), F), ops.cast(x, "int32"))
    yield from (*ops.split(x, 2, axis=1), *ops.top_k(x, 2), ops.one_hot(ops.argmax(x, -1), 6), ops.ones_like(x))


def over_sequences_of_any_length(K):
    x, L = K.Input((None, 8)), K.layers
    yield from (L.LSTM(3)(x), L.LSTM(3, return_sequences=True)(x), L.Conv1D(2, 3, strides=2)(x), L.Dense(2)(x))
    yield from (L.Reshape((-1, 4))(x), L.Flatten()(x), L.GlobalAveragePooling1D()(x), K.ops.sum(x, axis=1))
    yield from (L.TimeDistributed(L.Dense(2))(x), K.ops.reshape(x, (K.ops.shape(x)[0], -1, 4)))


def over_images_of_any_size(K):
    y, L = K.layers.Conv2D(4, 3, strides=2, padding="same")(K.Input((None, None, 3))), K.layers
    yield from (y, L.MaxPooling2D()(y), L.UpSampling2D()(y), L.Conv2DTranspose(2, 3, strides=2)(y))
    yield from (L.GlobalMaxPooling2D()(y), L.ZeroPadding2D(1)(y))


def with_arrays_of_one_batch(K):
    x, ones = K.Input((4,)), np.ones((3, 4), F)
    yield from (x + ones, K.ops.concatenate([x, ones], axis=0))
    yield from (K.ops.where(x > 0, x, ones), x - np.ones((1, 4), F))


def with_sizes_that_another_tensor_knows(K):
    x, y = K.Input((4, 5)), K.Input(batch_shape=(2, 5, 3))
    yield from (K.ops.matmul(x, y), x + K.Input(batch_shape=(2, 4, 5)))
    yield K.Input((None, 5)) * K.Input(batch_shape=(2, 4, 5))


@pytest.mark.parametrize(
    "cases",
    [
        over_vectors,
        over_sequences_of_any_length,
        over_images_of_any_size,
        with_arrays_of_one_batch,
        with_sizes_that_another_tensor_knows,
    ],
)
def test_shapes_and_dtypes_are_those_of_keras(cases, keras):
    for i, (ours, theirs) in enumerate(zip(cases(tricera), cases(keras), strict=True)):
        assert (ours.shape, ours.dtype) == (tuple(theirs.shape), theirs.dtype), i


def test_arrays_on_either_side():
    x, ones = tricera.Input((4,)), np.ones((3, 4), F)
    for made in (ones + x, ones * x, np.float32(2) - x[:3], tricera.ops.matmul(np.ones((2, 3), F), x)):
        assert isinstance(made, KerasTensor) and made.shape[1] == 4


def test_a_function_that_wants_whole_numbers_is_probed():
    class Halves(tricera.layers.Layer):
        def call(self, x):
            batch, steps, features = tricera.ops.shape(x)
            if steps > 3:
                x = x[:, : int(steps) // 2 * 2]
            return tricera.ops.reshape(x, (batch, int(steps) // 2, 2 * features))

    assert Halves()(tricera.Input((6, 5))).shape == (None, 3, 10)
    assert Halves()(tricera.Input((None, 5))).shape == (None, None, 10)


def test_nestings_of_inputs_and_outputs_keep_their_form_and_order():
    a, b, c = (tricera.Input((2,)) for _ in range(3))
    run = Function([a, {"z": b, "c": (c,)}], ({"s": a + b, "p": [b * c]}, a))
    one, two, three = (np.full((1, 2), n, F) for n in (1, 2, 3))
    outputs, first = run([one, {"z": two, "c": (three,)}])
    assert list(outputs) == ["s", "p"] and isinstance(outputs["p"], list)
    np.testing.assert_array_equal([outputs["s"], outputs["p"][0], first], [one + two, two * three, one])


def test_a_graph_may_begin_in_the_middle_of_another():
    x = tricera.Input((2,))
    y = tricera.ops.exp(x)
    run = Function([y], [y + 1])
    assert len(run.operations) == 1
    np.testing.assert_array_equal(run([np.ones((1, 2), F)])[0], [[2, 2]])
    (z,) = run([x])
    np.testing.assert_array_equal(Function(x, z)(np.ones((1, 2), F)), [[2, 2]])


def test_symbolic_tensors_are_compared_by_identity():
    x, y = tricera.Input((4,)), tricera.Input((4,))
    assert x in [y, x] and len({x, y, x}) == 2
    assert tricera.ops.equal(x, y).dtype == "bool"


REFUSED = [
    (TypeError, bool, "it cannot be used as a boolean.", "use `keras.ops.cond` or `keras.ops.where`."),
    (NotImplementedError, iter, "it cannot be iterated over.", "use `keras.ops.unstack`."),
    (
        ValueError,
        np.asarray,
        "it cannot be used as a NumPy array.",
        "use `keras.ops` on it, or pass arrays to the finished model.",
    ),
]


@pytest.mark.parametrize("kind, use, what, fix", REFUSED)
def test_what_a_symbolic_tensor_is_not(kind, use, what, fix):
    x = KerasTensor((None, 4), name="x")
    with pytest.raises(kind) as refused:
        use(x)
    assert str(refused.value) == (
        f"A KerasTensor is symbolic: {what}\n"
        "  got:      <KerasTensor shape=(None, 4), dtype=float32, sparse=False, name=x>\n"
        f"  fix:      {fix}"
    )
