import inspect
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tricera import losses, metrics
from tricera.engine import masking
from tricera.engine.variable import Variable
from tricera.errors import report
from tricera.metrics.reduction import FunctionMetric


def test_every_name_and_signature_of_keras(keras):
    for name in dir(keras.metrics):
        if not name.startswith("_"):
            ours, theirs = getattr(metrics, name), getattr(keras.metrics, name)
            assert arguments(ours) == arguments(theirs), name


def arguments(thing):
    return [(p.name, p.default) for p in inspect.signature(thing).parameters.values()]


@pytest.mark.parametrize(
    "name",
    ["accuracy", "mse", "MAE", "bce", "auc", "AUC", "Precision", "recall", "f1_score", "mean", "cosine_similarity"],
)
def test_names(keras, name):
    assert type(metrics.get(name)).__name__ == type(keras.metrics.get(name)).__name__


@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 3, 4)])
def test_mean_and_sum(keras, shape):
    values = np.arange(np.prod(shape), dtype="float32").reshape(shape)
    for name in ("Mean", "Sum"):
        for weight in (None, np.arange(1.0, shape[0] + 1), np.full(shape[:2], 0.5)):
            ours, theirs = getattr(metrics, name)(), getattr(keras.metrics, name)()
            np.testing.assert_allclose(ours(values, weight), theirs(values, weight), rtol=1e-6)
            np.testing.assert_allclose(
                [v.value for v in ours.variables], [v.value for v in theirs.variables], rtol=1e-6
            )


def test_mean_of_a_number():
    mean = metrics.Mean()
    assert float(mean(3)) == 3 and float(mean(5, 3.0)) == 4.5
    mean.reset_state()
    assert float(mean.result()) == 0


def test_masks(keras):
    for shape, mask in (((2, 3), [True, False]), ((2, 2, 3), [[True, False], [True, True]])):
        y_pred = jnp.arange(np.prod(shape), dtype="float32").reshape(shape)
        masking.set_mask(y_pred, jnp.array(mask))
        for weight in (None, np.arange(1.0, 1 + np.size(mask)).reshape(np.shape(mask))):
            ours, theirs = metrics.MeanSquaredError(), keras.metrics.MeanSquaredError()
            np.testing.assert_allclose(ours(y_pred * 0, y_pred, weight), theirs(y_pred * 0, y_pred, weight), rtol=1e-6)


def test_a_class_that_is_ignored_inside_of_jit():
    metric = metrics.SparseCategoricalCrossentropy(ignore_class=1)
    batch = np.array([0, 1]), np.array([[0.5, 0.5], [0.1, 0.9]], "float32")
    values = jax.jit(metric.stateless_update_state)(metric.stateless_reset_state(), *batch)
    np.testing.assert_allclose(values, [np.log(2), 1], rtol=1e-6)


def test_a_metric_of_ones_own():
    class Largest(metrics.Metric):
        def __init__(self, name="largest", **kwargs):
            super().__init__(name=name, **kwargs)
            self.largest = self.add_weight(name="largest", initializer="ones")
            self.inner = metrics.Mean()

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.largest.assign(jnp.maximum(self.largest.value, jnp.max(y_pred)))
            self.inner.update_state(y_pred)

        def result(self):
            return {"largest": self.largest.value, "mean": self.inner.result()}

    metric = Largest()
    assert [v.path for v in metric.variables] == ["largest/largest", "mean/total", "mean/count"]
    assert float(metric.variables[0].value) == 1
    assert {k: float(v) for k, v in metric(0, np.array([1.0, 5.0])).items()} == {"largest": 5.0, "mean": 3.0}
    assert Largest.from_config(metric.get_config()).name == "largest"
    assert not any(v.trainable for v in metric.variables)


def test_a_function_as_a_metric(keras):
    ours = metrics.MeanMetricWrapper(metrics.mean_squared_error, name="m")
    assert float(ours([[1.0]], [[3.0]])) == 4
    assert ours.get_config()["fn"] == "mean_squared_error"
    again = metrics.deserialize(metrics.serialize(ours))
    assert again.fn is losses.mean_squared_error and again.name == "m"
    accuracy = metrics.MeanMetricWrapper(metrics.binary_accuracy, threshold=0.9)
    assert float(accuracy([[1]], [[0.8]])) == 0 and accuracy.name == "binary_accuracy"
    assert metrics.deserialize(metrics.serialize(accuracy)).threshold == 0.9


def test_the_class_of_a_function_needs_no_constructor():
    class ScaledError(FunctionMetric, fn=lambda y, p, factor=1.0: factor * abs(y - p), direction="down", factor=2.0):
        pass

    assert arguments(ScaledError) == [("name", "scaled_error"), ("dtype", None), ("factor", 2.0)]
    metric = ScaledError(factor=3.0)
    assert float(metric(jnp.ones(2), jnp.zeros(2))) == 3
    assert metric.get_config() == {"name": "scaled_error", "dtype": "float32", "factor": 3.0}
    assert ScaledError.from_config(metric.get_config()).factor == 3
    assert float(ScaledError("other")(jnp.ones(2), jnp.zeros(2))) == 2
    with pytest.raises(TypeError) as raised:
        ScaledError(factr=3.0)
    assert str(raised.value) == report(
        "ScaledError: Unrecognized keyword argument passed: 'factr'.", fix="did you mean 'factor'?"
    )


def test_variables_are_made_without_compiling():
    with jax.log_compiles(False), _counting() as compiled:
        metrics.AUC(num_thresholds=37)
        metrics.Mean()
    assert compiled == []


class _counting:
    """The compilations of a block."""

    def __enter__(self):
        self.events = []
        self.listener = lambda event, duration, **_: "compile" in event and self.events.append(event)
        jax.monitoring.register_event_duration_secs_listener(self.listener)
        return self.events

    def __exit__(self, *exc):
        jax.monitoring.unregister_event_duration_listener(self.listener)


def test_names_of_variables():
    first, second = metrics.Precision(), metrics.Precision()
    assert first.name != second.name and first.name.startswith("precision")
    assert first.variables[0].path == f"{first.name}/true_positives"
    assert isinstance(first.variables[0], Variable)


def test_variables_that_wait_for_shapes_can_be_made_before():
    metric = metrics.F1Score()
    assert not metric.built and metric.variables == [] and float(metric.result()) == 0
    metric.ensure_built(jnp.zeros((2, 3)), jnp.zeros((2, 3)))
    assert metric.built and [v.shape for v in metric.variables] == [(3,)] * 4


MESSAGES = [
    (
        lambda: metrics.AUC(curve="x"),
        'Invalid AUC curve value: "x".\n  expected: PR, ROC, PRGAIN',
    ),
    (
        lambda: metrics.AUC(num_thresholds=1),
        "Argument `num_thresholds` must be an integer > 1.\n  got:      num_thresholds=1",
    ),
    (
        lambda: metrics.Precision(thresholds=[-1, 0.5]),
        "Threshold values must be in [0, 1].\n  got:      [-1.0]",
    ),
    (
        lambda: metrics.PrecisionAtRecall(2),
        "Argument `recall` must be in the range [0, 1].\n  got:      recall=2",
    ),
    (
        lambda: metrics.IoU(2, [2]),
        report(
            "Each target class id must be below `num_classes`.", expected="ids in [0, 2)", got="target_class_ids=[2]"
        ),
    ),
    (
        lambda: metrics.FBetaScore(beta=2),
        "Invalid `beta` argument value.\n  expected: a float > 0\n  got:      beta=2",
    ),
    (
        lambda: metrics.F1Score(threshold=2.0),
        "Invalid `threshold` argument value.\n  expected: a float in (0, 1]\n  got:      threshold=2.0",
    ),
    (
        lambda: metrics.F1Score(average="x"),
        report("Invalid `average` argument value.", expected="None, 'micro', 'macro', 'weighted'", got="average='x'"),
    ),
    (
        lambda: metrics.R2Score(num_regressors=-1),
        "Invalid value for argument `num_regressors`.\n  expected: a value >= 0\n  got:      num_regressors=-1",
    ),
    (
        lambda: metrics.get("acuracy"),
        "Unknown metric: 'acuracy'.\n  fix:      did you mean 'accuracy'?",
    ),
    (
        lambda: metrics.Mean(name="m").stateless_result([1.0]),
        report(
            'Metric "m": argument `metric_variables` must have one value for each variable.',
            expected=["m/total", "m/count"],
            got="1 values",
        ),
    ),
]


@pytest.mark.parametrize(("make", "message"), MESSAGES, ids=range(len(MESSAGES)))
def test_messages(make, message):
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == message


def test_a_metric_without_result():
    with pytest.raises(NotImplementedError) as error:
        metrics.Metric().result()
    assert str(error.value) == "Metric Metric does not have a `result()` method.\n  fix:      define it."


def test_which_way_is_better_is_what_keras_says(keras):
    """Callbacks with `mode="auto"` ask."""
    classes = {name: cls for name, cls in vars(keras.metrics).items() if isinstance(cls, type)}
    ours = {name: getattr(getattr(metrics, name), "_direction", None) for name in classes}
    needs = {"num_classes": 2, "target_class_ids": [0], "recall": 0.5, "precision": 0.5, "specificity": 0.5}
    needs |= {"sensitivity": 0.5, "fn": lambda y_true, y_pred: y_pred}
    for name, cls in classes.items():
        given = {
            key: needs[key]
            for key, parameter in inspect.signature(cls.__init__).parameters.items()
            if key in needs and parameter.default is parameter.empty
        }
        assert ours[name] == getattr(cls(**given), "_direction", None), name


def test_thresholds_need_no_number(keras):
    y_true, y_pred = np.array([0.0, 0, 1, 1]), np.array([0.1, 0.6, 0.4, 0.9])
    ours, theirs = (m.AUC(num_thresholds=None, thresholds=[0.3, 0.5]) for m in (metrics, keras.metrics))
    np.testing.assert_allclose(ours(y_true, y_pred), theirs(y_true, y_pred), rtol=1e-6)
    assert ours.num_thresholds == theirs.num_thresholds == 4
    assert metrics.AUC.from_config(ours.get_config()).thresholds == ours.thresholds


def test_one_class_of_a_vector_is_no_class():
    with pytest.raises(ValueError) as raised:
        metrics.Precision(class_id=2)(np.array([0, 1, 1]), np.array([0.1, 0.9, 0.7]))
    assert str(raised.value) == (
        "When class_id is provided, y_pred must be a 2D array with shape (num_samples, num_classes).\n"
        "  got:      shape (3,)"
    )


def test_weights_that_casting_makes_zero():
    metric, batch = metrics.MeanIoU(3), ([0, 1, 1, 0], [0, 1, 1, 1])
    with pytest.warns(UserWarning) as caught:
        metric(*batch, sample_weight=[0.2, 0.3, 0.4, 0.1])
    assert [str(w.message) for w in caught] == [
        report(
            "You are passing weight as `float`, but dtype is `int32`: casting makes integers of weights.",
            fix='give integer weights, or the metric `dtype="float32"`.',
        )
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        metric(*batch, sample_weight=[1, 2, 3, 4])
        metrics.MeanIoU(3, dtype="float32")(*batch, sample_weight=[0.2, 0.3, 0.4, 0.1])


def test_variables_stand_for_their_values():
    metric = metrics.Mean()
    metric.update_state([1.0, 5.0])
    values = metric.stateless_update_state(metric.variables, [6.0])
    assert [float(value) for value in values] == [12, 3]
    assert float(metric.stateless_result(metric.variables)) == 3


def test_a_column_of_labels_may_be_a_vector():
    labels, predictions = np.array([1.0, 0, 1, 1]), np.array([[0.9], [0.8], [0.7], [0.1]])
    scores = [metrics.F1Score("micro", 0.5)(y, predictions) for y in (labels, labels[:, None])]
    np.testing.assert_allclose(scores, 2 / 3, rtol=1e-6)
    with pytest.raises(ValueError) as raised:
        metrics.F1Score()(labels, labels)
    assert str(raised.value) == (
        "F1Score expects 2D inputs with shape (batch_size, output_dim).\n  got:      y_true (4,), y_pred (4,)"
    )
