"""Every metric against real Keras, over two batches, with and without weights, also as a function in `jit`."""

import jax
import numpy as np
import pytest

from tricera import losses, metrics

rng = np.random.default_rng(0)


def two(*make):
    return [tuple(each() for each in make) for _ in range(2)]


def numbers():
    return rng.normal(size=(4, 3)).astype("float32")


def odds():
    return rng.dirichlet(np.ones(3), 4).astype("float32")


def ids():
    return rng.integers(0, 3, 4)


def hot():
    return np.eye(3, dtype="float32")[ids()]


def bits():
    return rng.integers(0, 2, (4, 3)).astype("float32")


def unit():
    return rng.uniform(size=(4, 3)).astype("float32").round(1)


def flags():
    return rng.integers(0, 2, 4)


def chances():
    return rng.uniform(size=4).astype("float32").round(1)


def column():
    return rng.uniform(size=(4, 1)).astype("float32")


WEIGHTS = [np.array([1.0, 0.5, 2.0, 0.0], "float32"), np.array([0.0, 1.0, 1.5, 3.0], "float32")]

TABLE = [
    ("Accuracy", {}, two(ids, ids)),
    ("BinaryAccuracy", {"threshold": 0.4}, two(bits, unit)),
    ("CategoricalAccuracy", {}, two(hot, odds)),
    ("SparseCategoricalAccuracy", {}, two(ids, odds)),
    ("TopKCategoricalAccuracy", {"k": 2}, two(hot, odds)),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, two(ids, odds)),
    ("MeanSquaredError", {}, two(numbers, numbers)),
    ("RootMeanSquaredError", {}, two(numbers, numbers)),
    ("MeanAbsoluteError", {}, two(numbers, numbers)),
    ("MeanAbsolutePercentageError", {}, two(numbers, numbers)),
    ("MeanSquaredLogarithmicError", {}, two(unit, unit)),
    ("LogCoshError", {}, two(numbers, numbers)),
    ("CosineSimilarity", {}, two(numbers, numbers)),
    ("PearsonCorrelation", {}, two(numbers, numbers)),
    ("ConcordanceCorrelation", {}, two(numbers, numbers)),
    ("R2Score", {}, two(numbers, numbers)),
    ("R2Score", {"class_aggregation": None, "num_regressors": 1}, two(numbers, numbers)),
    ("R2Score", {"class_aggregation": "variance_weighted_average"}, two(numbers, numbers)),
    ("R2Score", {}, two(column, column)),
    ("BinaryCrossentropy", {"label_smoothing": 0.1}, two(bits, unit)),
    ("BinaryCrossentropy", {"from_logits": True}, two(bits, numbers)),
    ("CategoricalCrossentropy", {}, two(hot, odds)),
    ("CategoricalCrossentropy", {"from_logits": True}, two(hot, numbers)),
    ("SparseCategoricalCrossentropy", {}, two(ids, odds)),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1}, two(ids, odds)),
    ("KLDivergence", {}, two(odds, odds)),
    ("Poisson", {}, two(unit, unit)),
    ("Hinge", {}, two(bits, numbers)),
    ("SquaredHinge", {}, two(bits, numbers)),
    ("CategoricalHinge", {}, two(hot, numbers)),
    ("TruePositives", {}, two(flags, chances)),
    ("TrueNegatives", {"thresholds": [0.2, 0.7]}, two(flags, chances)),
    ("FalsePositives", {}, two(bits, unit)),
    ("FalseNegatives", {"thresholds": 0.3}, two(flags, chances)),
    ("Precision", {}, two(flags, chances)),
    ("Precision", {"thresholds": [0.2, 0.5, 0.8]}, two(bits, unit)),
    ("Precision", {"top_k": 2}, two(hot, odds)),
    ("Recall", {"top_k": 2}, two(hot, bits)),
    ("Precision", {"top_k": 2, "class_id": 1}, two(hot, odds)),
    ("Recall", {}, two(flags, chances)),
    ("Recall", {"class_id": 2}, two(bits, unit)),
    ("SensitivityAtSpecificity", {"specificity": 0.4, "num_thresholds": 9}, two(flags, chances)),
    ("SpecificityAtSensitivity", {"sensitivity": 0.4}, two(flags, chances)),
    ("PrecisionAtRecall", {"recall": 0.4, "num_thresholds": 1}, two(flags, chances)),
    ("RecallAtPrecision", {"precision": 0.6, "class_id": 1}, two(bits, unit)),
    ("AUC", {}, two(flags, chances)),
    ("AUC", {"curve": "PR", "num_thresholds": 9}, two(flags, chances)),
    ("AUC", {"curve": "PR", "summation_method": "majoring"}, two(bits, unit)),
    ("AUC", {"curve": "PRGAIN", "num_thresholds": 9}, two(flags, chances)),
    ("AUC", {"thresholds": [0.6, 0.3], "summation_method": "minoring"}, two(flags, chances)),
    ("AUC", {"multi_label": True, "num_labels": 3, "label_weights": [1.0, 2.0, 0.5]}, two(bits, unit)),
    ("AUC", {"multi_label": True, "curve": "PR", "num_thresholds": 9}, two(bits, unit)),
    ("AUC", {"label_weights": [1.0, 2.0, 0.5], "from_logits": True}, two(bits, numbers)),
    ("IoU", {"num_classes": 3, "target_class_ids": [0, 2], "dtype": "float32"}, two(ids, ids)),
    ("BinaryIoU", {"threshold": 0.4, "dtype": "float32"}, two(flags, chances)),
    ("MeanIoU", {"num_classes": 3, "ignore_class": 1, "dtype": "float32"}, two(ids, ids)),
    ("OneHotIoU", {"num_classes": 3, "target_class_ids": [0, 1], "dtype": "float32"}, two(hot, odds)),
    ("OneHotMeanIoU", {"num_classes": 3}, two(hot, odds)),
    ("F1Score", {}, two(hot, odds)),
    ("F1Score", {"average": "micro", "threshold": 0.5}, two(bits, unit)),
    ("FBetaScore", {"beta": 2.0, "average": "macro", "threshold": 0.3}, two(bits, unit)),
    ("FBetaScore", {"beta": 0.5, "average": "weighted"}, two(hot, odds)),
]


@pytest.mark.parametrize(("name", "options", "batches"), TABLE, ids=[f"{row[0]}-{i}" for i, row in enumerate(TABLE)])
def test_values(keras, name, options, batches):
    ours, theirs = getattr(metrics, name)(**options), getattr(keras.metrics, name)(**options)
    for weights in ((None, None), WEIGHTS):
        if name == "OneHotMeanIoU" and weights is WEIGHTS:
            continue  # counts in whole numbers
        if options.get("ignore_class") and "Cross" in name and weights[0] is None:
            continue  # Keras counts what is ignored as zeros here, but not where there are weights
        for metric in (ours, theirs):
            metric.reset_state()
        for batch, weight in zip(batches, weights, strict=True):
            ours.update_state(*batch, weight)
            theirs.update_state(*batch, weight)
        np.testing.assert_allclose(ours.result(), theirs.result(), rtol=2e-4, atol=1e-6)
    assert [v.path.split("/")[1:] for v in ours.variables] == [v.path.split("/")[1:] for v in theirs.variables]
    assert [(v.shape, v.dtype) for v in ours.variables] == [(v.shape, v.dtype) for v in theirs.variables]
    for mine, other in zip(ours.variables, theirs.variables, strict=True):
        np.testing.assert_allclose(mine.value, other.value, rtol=1e-4, atol=1e-5)
    stored = {k: v for k, v in theirs.get_config().items() if k not in ("name", "thresholds", "label_weights")}
    assert stored.items() <= {**ours.get_config()}.items()
    again = metrics.deserialize(metrics.serialize(ours))
    assert type(again) is type(ours) and again.get_config() == ours.get_config()


IN_JIT = [0, 7, 24, 35, 46, 50, 54, 58, 16]


@pytest.mark.parametrize(("name", "options", "batches"), [TABLE[i] for i in IN_JIT], ids=[TABLE[i][0] for i in IN_JIT])
def test_inside_of_jit_as_outside(name, options, batches):
    metric = getattr(metrics, name)(**options)
    metric.update_state(*batches[0])
    before = [v.value for v in metric.variables]
    values = metric.stateless_reset_state()
    for batch in batches:
        values = jax.jit(metric.stateless_update_state)(values, *batch)
    found = jax.jit(metric.stateless_result)(values)
    for variable, value in zip(metric.variables, before, strict=True):
        assert variable.value is value
    metric.update_state(*batches[1])
    np.testing.assert_allclose(found, metric.result(), rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "shapes", "options"),
    [
        ("binary_accuracy", ("bits", "unit"), {"threshold": 0.3}),
        ("categorical_accuracy", ("hot", "odds"), {}),
        ("sparse_categorical_accuracy", ("ids", "odds"), {}),
        ("top_k_categorical_accuracy", ("hot", "odds"), {"k": 2}),
        ("sparse_top_k_categorical_accuracy", ("ids", "odds"), {"k": 2}),
        ("pearson_correlation", ("numbers", "numbers"), {}),
        ("concordance_correlation", ("numbers", "numbers"), {}),
    ],
)
def test_functions(keras, name, shapes, options):
    y_true, y_pred = (globals()[shape]() for shape in shapes)
    got, expected = (getattr(m, name)(y_true, y_pred, **options) for m in (metrics, keras.metrics))
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_top_k_at_the_edges(keras):
    y_true = np.array([0, 1, 2])
    for y_pred in ([[np.nan, 0.2, 0.7]] * 3, [[0.5, 0.5, 0.5]] * 3, [[0.1, 0.2, np.inf]] * 3):
        ours, theirs = (
            m.sparse_top_k_categorical_accuracy(y_true, np.array(y_pred), k=2) for m in (metrics, keras.metrics)
        )
        np.testing.assert_array_equal(ours, theirs)
    found = metrics.sparse_top_k_categorical_accuracy(y_true, [[2, 1, 0]] * 3, k=2, from_sorted_ids=True)
    assert found.tolist() == [0, 1, 1]


def test_every_loss_of_keras_metrics_is_the_loss():
    assert metrics.mean_squared_error is losses.mean_squared_error and metrics.huber is losses.huber
