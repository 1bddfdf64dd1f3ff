"""Every loss against real Keras: values, gradients, reductions, weights, masks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tricera import losses
from tricera.engine import masking

rng = np.random.default_rng(0)
NUMBERS = rng.normal(size=(4, 3)).astype("float32"), rng.normal(size=(4, 3)).astype("float32") * 2
COUNTS = np.abs(NUMBERS[0]), np.abs(NUMBERS[1])
ODDS = rng.uniform(0.05, 1, size=(4, 3)).astype("float32")
ODDS /= ODDS.sum(-1, keepdims=True)
EDGES = np.array([[0, 1, 0], [1, 0, 0], [0.5, 0.5, 0], [1e-9, 1, 0]], "float32")
IDS = np.array([0, 2, 1, 2])
HOT = np.eye(3, dtype="float32")[IDS]
BITS = np.array([[0, 1, 1], [1, 0, 0], [1, 1, 1], [0, 0, 0]], "float32")
SIGNS = 2 * BITS - 1
LOGITS = NUMBERS[1] * 20
SPEECH = np.array([[1, 2, 0], [1, 1, 1]]), rng.normal(size=(2, 6, 4)).astype("float32")

FUNCTIONS = [
    ("mean_squared_error", {}, NUMBERS),
    ("mean_absolute_error", {}, NUMBERS),
    ("mean_absolute_percentage_error", {}, NUMBERS),
    ("mean_squared_logarithmic_error", {}, COUNTS),
    ("huber", {"delta": 0.7}, NUMBERS),
    ("log_cosh", {}, NUMBERS),
    ("cosine_similarity", {"axis": 0}, NUMBERS),
    ("poisson", {}, COUNTS),
    ("hinge", {}, (BITS, NUMBERS[1])),
    ("hinge", {}, (SIGNS, NUMBERS[1])),
    ("hinge", {}, NUMBERS),
    ("squared_hinge", {}, (BITS, NUMBERS[1])),
    ("categorical_hinge", {}, (HOT, NUMBERS[1])),
    ("kl_divergence", {}, (ODDS, ODDS[::-1])),
    ("binary_crossentropy", {}, (BITS, ODDS)),
    ("binary_crossentropy", {}, (BITS, EDGES)),
    ("binary_crossentropy", {"from_logits": True, "label_smoothing": 0.1, "axis": 0}, (BITS, LOGITS)),
    ("binary_focal_crossentropy", {"label_smoothing": 0.1}, (BITS, ODDS)),
    ("binary_focal_crossentropy", {"apply_class_balancing": True, "alpha": 0.3, "gamma": 3.0}, (BITS, ODDS)),
    ("binary_focal_crossentropy", {"from_logits": True}, (BITS, LOGITS)),
    ("categorical_crossentropy", {}, (HOT, ODDS * 2)),
    ("categorical_crossentropy", {}, (HOT, EDGES)),
    ("categorical_crossentropy", {"axis": 0}, (HOT, ODDS)),
    ("categorical_crossentropy", {"from_logits": True, "label_smoothing": 0.1}, (HOT, LOGITS)),
    ("categorical_focal_crossentropy", {}, (HOT, ODDS)),
    ("categorical_focal_crossentropy", {"from_logits": True, "alpha": [0.1, 0.2, 0.3]}, (HOT, LOGITS)),
    ("sparse_categorical_crossentropy", {}, (IDS, ODDS)),
    ("sparse_categorical_crossentropy", {}, (IDS[:, None], EDGES)),
    ("sparse_categorical_crossentropy", {"from_logits": True, "ignore_class": 2}, (IDS, LOGITS)),
    ("categorical_generalized_cross_entropy", {"q": 0.3}, (IDS, ODDS)),
    ("dice", {}, (BITS, ODDS)),
    ("dice", {"axis": (1,)}, (BITS, ODDS)),
    ("tversky", {"alpha": 0.3, "beta": 0.6}, (BITS, ODDS)),
    ("tversky", {"alpha": 0.3, "beta": 0.6, "axis": [1]}, (BITS, ODDS)),
    ("circle", {"gamma": 2.0, "margin": 0.3}, (IDS, NUMBERS[1] / 4)),
    ("circle", {"ref_labels": IDS[:2], "ref_embeddings": NUMBERS[0][:2], "remove_diagonal": False}, (IDS, NUMBERS[1])),
    ("ctc", {}, SPEECH),
]


@pytest.mark.parametrize(("name", "options", "ys"), FUNCTIONS, ids=[f"{f[0]}-{i}" for i, f in enumerate(FUNCTIONS)])
def test_functions(keras, name, options, ys):
    ours, theirs = getattr(losses, name), getattr(keras.losses, name)
    np.testing.assert_allclose(ours(*ys, **options), theirs(*ys, **options), rtol=2e-5, atol=1e-6)

    def slope(loss):
        return jax.grad(lambda y_pred: jnp.sum(loss(ys[0], y_pred, **options)))(jnp.asarray(ys[1]))

    np.testing.assert_allclose(slope(ours), slope(theirs), rtol=2e-4, atol=1e-5)


CLASSES = [
    ("MeanSquaredError", {}, NUMBERS),
    ("MeanAbsoluteError", {}, NUMBERS),
    ("MeanAbsolutePercentageError", {}, NUMBERS),
    ("MeanSquaredLogarithmicError", {}, COUNTS),
    ("Huber", {"delta": 0.7}, NUMBERS),
    ("LogCosh", {}, NUMBERS),
    ("CosineSimilarity", {"axis": -1}, NUMBERS),
    ("Poisson", {}, COUNTS),
    ("Hinge", {}, NUMBERS),
    ("SquaredHinge", {}, NUMBERS),
    ("CategoricalHinge", {}, (HOT, NUMBERS[1])),
    ("KLDivergence", {}, (ODDS, ODDS[::-1])),
    ("BinaryCrossentropy", {"label_smoothing": 0.1}, (BITS, ODDS)),
    ("BinaryFocalCrossentropy", {"apply_class_balancing": True}, (BITS, ODDS)),
    ("CategoricalCrossentropy", {"from_logits": True}, (HOT, LOGITS)),
    ("CategoricalFocalCrossentropy", {"alpha": 0.3}, (HOT, ODDS)),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, (IDS, LOGITS)),
    ("SparseCategoricalCrossentropy", {"ignore_class": 2}, (IDS, ODDS)),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.3}, (IDS, ODDS)),
    ("Dice", {"axis": 1}, (BITS, ODDS)),
    ("Tversky", {"alpha": 0.3, "axis": 1}, (BITS, ODDS)),
    ("Circle", {"gamma": 2.0}, (IDS, NUMBERS[1] / 4)),
    ("CTC", {}, SPEECH),
]
WEIGHT = np.array([1.0, 0.5, 2.0, 0.0], "float32")
MASK = np.array([True, False, True, True])


def both(keras, name, options):
    return getattr(losses, name)(**options), getattr(keras.losses, name)(**options)


@pytest.mark.parametrize(("name", "options", "ys"), CLASSES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CLASSES)])
def test_classes(keras, name, options, ys):
    ours, theirs = both(keras, name, options)
    assert ours.name == theirs.name and ours.dtype == theirs.dtype
    for weight in (None, WEIGHT[: len(ys[0])]):
        np.testing.assert_allclose(ours(*ys, weight), theirs(*ys, weight), rtol=2e-5, atol=1e-6)
    again = losses.deserialize(losses.serialize(ours))
    assert type(again) is type(ours) and again.get_config() == ours.get_config()
    assert theirs.get_config().items() <= ours.get_config().items()
    np.testing.assert_array_equal(again(*ys), ours(*ys))


def test_a_certain_mistake_has_a_finite_gradient(keras):
    loss, theirs = both(keras, "CategoricalGeneralizedCrossEntropy", {"q": 0.3})
    np.testing.assert_allclose(loss(IDS, EDGES), theirs(IDS, EDGES), rtol=1e-6)
    gradient = jax.grad(lambda p: loss(np.array([0, 1]), p))(np.array([[0.0, 1.0], [0.5, 0.5]], "float32"))
    np.testing.assert_allclose(gradient, [[0, 0], [0, -0.5 * 0.5**-0.7]], rtol=1e-6)


REDUCTIONS = ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", ["MeanSquaredError", "SparseCategoricalCrossentropy"])
def test_reductions_weights_and_masks(keras, reduction, name):
    options, ys = {"reduction": reduction}, NUMBERS
    if name == "SparseCategoricalCrossentropy":
        options, ys = {**options, "from_logits": True, "ignore_class": 2}, (IDS, NUMBERS[1])
    ours, theirs = both(keras, name, options)
    masked = jnp.asarray(ys[1])
    masking.set_mask(masked, jnp.asarray(MASK))
    for y_pred in (ys[1], masked):
        for weight in (None, 2.0, WEIGHT, WEIGHT[:, None], WEIGHT * 0):
            if np.ndim(weight) == 0 and weight and reduction == "mean_with_sample_weight":
                continue  # Keras counts one weight for all as the weight of one value
            got, expected = ours(ys[0], y_pred, weight), theirs(ys[0], y_pred, weight)
            assert got.shape == expected.shape
            np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_steps(keras, reduction):
    ours, theirs = both(keras, "MeanAbsoluteError", {"reduction": reduction})
    y = rng.normal(size=(2, 3, 4)).astype("float32")
    masked = jnp.asarray(y)
    masking.set_mask(masked, jnp.array([[True, False, True], [True, True, False]]))
    for y_pred in (y, masked):
        for weight in (None, np.full((2, 3), 0.5), np.arange(6.0).reshape(2, 3, 1)):
            np.testing.assert_allclose(ours(y * 0, y_pred, weight), theirs(y * 0, y_pred, weight), rtol=1e-5)


def test_a_mask_may_have_an_axis_more(keras):
    ours, theirs = both(keras, "MeanSquaredError", {})
    y_true, masked = NUMBERS[0], jnp.array(NUMBERS[1])
    masking.set_mask(masked, jnp.asarray(MASK)[:, None])
    for weight in (None, WEIGHT):
        np.testing.assert_allclose(ours(y_true, masked, weight), theirs(y_true, masked, weight), rtol=1e-5)


def test_one_weight_an_example_counts_for_all_its_steps():
    """Keras 3 refuses it, Keras 2 did this."""
    y = np.ones((2, 3, 4), "float32")
    loss = losses.MeanSquaredError(reduction="none")
    np.testing.assert_array_equal(loss(y * 0, y, np.array([1.0, 2.0])), [[1, 1, 1], [2, 2, 2]])
    square = np.ones((2, 2, 4), "float32")
    np.testing.assert_array_equal(loss(square * 0, square, np.array([1.0, 2.0])), [[1, 1], [2, 2]])


@pytest.mark.parametrize(
    "shapes", [((3,), (3, 1)), ((3, 1), (3,)), ((3, 2, 1), (3, 2)), ((3,), (3,)), ((0, 3), (0, 3))]
)
def test_ranks(keras, shapes):
    ours, theirs = both(keras, "MeanSquaredError", {"reduction": "none"})
    ys = [np.full(shape, i, "float32") for i, shape in enumerate(shapes)]
    np.testing.assert_array_equal(ours(*ys), theirs(*ys))
    np.testing.assert_array_equal(losses.mean_squared_error(*ys), keras.losses.mean_squared_error(*ys))
    np.testing.assert_allclose(losses.MeanSquaredError()(*ys), keras.losses.MeanSquaredError()(*ys))


def test_kinds_of_arguments(keras):
    ours, theirs = both(keras, "MeanSquaredError", {})
    for ys in [([[1, 2]], [[1, 3]]), (np.array([[1, 2]]), np.array([[1.0, 3.0]])), ([BITS, BITS], [ODDS, ODDS])]:
        np.testing.assert_allclose(ours(*ys), theirs(*ys), rtol=1e-6)
    assert losses.MeanSquaredError(dtype="bfloat16")(BITS, ODDS).dtype == "bfloat16"
    assert losses.mean_squared_error([[1, 2]], [[1, 3]]).tolist() == [0.5]


def test_inside_of_jit_as_outside():
    for loss in (losses.MeanSquaredError(), losses.SparseCategoricalCrossentropy(ignore_class=2)):
        y_true = IDS if "sparse" in loss.name else NUMBERS[0]
        np.testing.assert_allclose(jax.jit(loss)(y_true, ODDS, WEIGHT), loss(y_true, ODDS, WEIGHT), rtol=1e-6)
