import inspect

import numpy as np
import pytest

from tricera import losses
from tricera.engine.graph import Function, KerasTensor
from tricera.errors import report

NOT_LOSSES = ("Loss", "get", "serialize", "deserialize")


def test_every_name_and_signature_of_keras(keras):
    for name in dir(keras.losses):
        if not name.startswith("_"):
            ours, theirs = getattr(losses, name), getattr(keras.losses, name)
            assert arguments(ours) == arguments(theirs), name


def arguments(thing):
    return [(p.name, p.default) for p in inspect.signature(thing).parameters.values()]


@pytest.mark.parametrize(
    "name", ["mse", "MAE", "mean_squared_error", "bce", "kld", "huber", "poisson", "hinge", "dice"]
)
def test_a_name_in_lower_case_is_a_function(keras, name):
    assert losses.get(name).__name__ == keras.losses.get(name).__name__


def test_get():
    assert isinstance(losses.get("Huber"), losses.Huber) and isinstance(losses.get(losses.Huber), losses.Huber)
    assert losses.get({"class_name": "Huber", "config": {"delta": 3.0}}).delta == 3.0
    assert losses.get(losses.mse) is losses.mse and losses.get(None) is None
    assert losses.get(losses.serialize(losses.mse)) is losses.mse


def test_a_loss_of_ones_own():
    class Difference(losses.Loss):
        def call(self, y_true, y_pred):
            return y_true - y_pred

    loss = Difference(reduction="sum")
    assert loss(np.array([3, 4]), np.array([1, 1])) == 5
    assert loss.name.startswith("difference") and loss.get_config()["reduction"] == "sum"


def test_a_function_as_a_loss():
    loss = losses.LossFunctionWrapper(losses.huber, name="h", delta=0.5)
    again = losses.LossFunctionWrapper.from_config(loss.get_config())
    ys = np.ones((2, 2)), np.zeros((2, 2))
    assert float(loss(*ys)) == float(again(*ys)) == float(losses.Huber(0.5)(*ys)) == 0.375


def test_a_subclass_keeps_the_options():
    class Half(losses.Huber):
        def __init__(self):
            super().__init__(delta=0.5)

    assert float(Half()(np.ones((2, 2)), np.zeros((2, 2)))) == 0.375


def test_symbolic_tensors():
    y_true, y_pred = KerasTensor((None, 3)), KerasTensor((None, 3))
    values = losses.mean_squared_error(y_true, y_pred)
    total = losses.MeanSquaredError()(y_true, y_pred)
    assert values.shape == (None,) and total.shape == ()
    ys = np.ones((2, 3), "float32"), np.zeros((2, 3), "float32")
    found = Function([y_true, y_pred], [values, total]).run(*ys)
    assert found[0].tolist() == [1, 1] and found[1] == 1


MESSAGES = [
    (
        lambda: losses.MeanSquaredError(reduction="x"),
        report(
            "Invalid value for argument `reduction`.",
            expected="'sum_over_batch_size', 'sum', 'mean', 'mean_with_sample_weight', 'none', None",
            got="reduction='x'",
        ),
    ),
    (
        lambda: losses.get("mean_sqared_error"),
        "Unknown loss: 'mean_sqared_error'.\n  fix:      did you mean 'mean_squared_error'?",
    ),
    (
        lambda: losses.CategoricalGeneralizedCrossEntropy(2),
        "q must be in the interval (0, 1).\n  got:      q=2",
    ),
    (
        lambda: losses.get(3),
        report(
            "Could not interpret loss identifier: 3.",
            expected="a name, a configuration, a class or an object that is a loss",
            got="int",
        ),
    ),
]


@pytest.mark.parametrize(("make", "message"), MESSAGES, ids=range(len(MESSAGES)))
def test_messages(make, message):
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == message


def test_a_loss_without_call():
    with pytest.raises(NotImplementedError) as error:
        losses.Loss()(np.ones(2), np.ones(2))
    assert str(error.value) == (
        "Loss Loss does not have a `call()` method.\n  fix:      define `call(self, y_true, y_pred)`."
    )
