"""Losses, metrics, weights, targets and sample weights that are nested like the outputs give real Keras' numbers."""

from collections import namedtuple

import numpy as np
import pytest

import tricera
from tests.train.test_oracle import same_history

X = np.linspace(-1, 1, 24).reshape(8, 3).astype("float32")
A, B = np.linspace(0, 1, 8)[:, None], np.linspace(1, 0, 8)[:, None]
W = np.linspace(0.5, 2, 8)
PAIR, DEEP = {"p": (A, B), "q": A}, [A, [B, A]]


def mean_difference(k):
    """A loss of several outputs at once."""

    def difference(y, y_pred):
        return sum(k.ops.mean(k.ops.abs(a - b), axis=-1) for a, b in zip(y, y_pred, strict=True))

    return difference


Named = namedtuple("Named", "u v")

# name: outputs of two layers, loss, targets, and the rest of `compile` and `fit`
CASES = {
    "one_loss": (lambda a, b: {"p": (a, b), "q": a}, "mse", PAIR, {}),
    "like_the_outputs": (
        lambda a, b: {"p": (a, b), "q": a},
        {"p": ["mse", "mae"], "q": "mse"},
        PAIR,
        {"loss_weights": {"p": [0.5, 0.25], "q": 2.0}, "metrics": {"p": ["mse", "mae"], "q": "mae"}},
    ),
    "weights_in_a_row": (
        lambda a, b: {"p": (a, b), "q": a},
        {"p": ["mse", "mae"], "q": "mse"},
        PAIR,
        {"loss_weights": [0.5, 0.25, 2.0]},
    ),
    "part": (lambda a, b: {"p": (a, b), "q": a}, {"p": (None, "mae")}, PAIR, {}),
    "sample_weight": (
        lambda a, b: {"p": (a, b), "q": a},
        {"p": ["mse", "mae"], "q": "mse"},
        PAIR,
        {"sample_weight": {"p": (W, 2 * W), "q": W}},
    ),
    "one_sample_weight": (
        lambda a, b: [a, [b, a]],
        ["mse", ["mae", "mse"]],
        DEEP,
        {"sample_weight": W, "metrics": ["mae", ["mse", "mae"]]},
    ),
    "in_a_row": (lambda a, b: [a, [b, a]], ["mse", "mae", "mse"], DEEP, {}),
    "other_sequences": (lambda a, b: [a, [b, a]], "mse", (A, (B, A)), {}),
    "several_of_an_output": (lambda a, b: [a, b], ["mse", ["mae", "mse"]], [A, B], {"loss_weights": [1.0, [2.0, 3.0]]}),
    "of_all_and_of_each": (lambda a, b: (a, b), lambda k: [mean_difference(k), ("mse", "mae")], (A, B), {}),
    "of_a_part": (
        lambda a, b: {"p": (a, b), "q": a},
        lambda k: {"p": [mean_difference(k), (None, "mae")], "q": "mse"},
        PAIR,
        {},
    ),
    "only_the_targets_with_a_loss": (lambda a, b: [a, b], [None, "mse"], B, {}),
    "names_of_losses": (lambda a, b: [a, b], ["mse", "MeanAbsoluteError"], [A, B], {"metrics": ["mae", "mse"]}),
    "named_tuples": (Named, Named("mse", "mae"), Named(A, B), {"metrics": Named("mae", "mse")}),
    "order_of_losses": (
        lambda a, b: {"q": a, "p": b},
        {"q": "mse", "p": "mae"},
        {"p": A, "q": B},
        {"loss_weights": {"p": 0.25, "q": 2.0}},
    ),
    "one_name": (lambda a, b: [a, b], "mse", [A, B], {"metrics": [["mae"], ["mae"]]}),
}


def made(k, kind, outputs):
    def dense(name):
        return k.layers.Dense(1, kernel_initializer="ones", bias_initializer="ones", name=name)

    class Two(k.Model):
        def __init__(self):
            super().__init__()
            self.one, self.two = dense("one"), dense("two")

        def call(self, x):
            return outputs(self.one(x), self.two(x))

    if kind == "subclass":
        return Two()
    x = k.Input((3,))
    return k.Model(x, outputs(dense("one")(x), dense("two")(x)))


@pytest.mark.parametrize("kind", ["functional", "subclass"])
@pytest.mark.parametrize("case", CASES)
def test_history_is_that_of_keras(keras, case, kind):
    if (case, kind) == ("of_all_and_of_each", "subclass"):
        pytest.skip("real Keras has no name for the loss of all outputs, and fails")
    outputs, loss, y, rest = CASES[case]
    rest = dict(rest)
    sample_weight = rest.pop("sample_weight", None)

    def run(k):
        model = made(k, kind, outputs)
        model.compile("sgd", loss(k) if callable(loss) else loss, **rest)
        history = model.fit(X, y, batch_size=4, epochs=2, shuffle=False, verbose=0, sample_weight=sample_weight)
        tested = model.evaluate(X, y, verbose=0, return_dict=True)
        # Keras lists metrics of one name twice
        in_order = {} if "metrics" in rest else {"in order": model.evaluate(X, y, verbose=0)}
        return history.history, {name: [value] for name, value in tested.items()}, in_order

    for ours, theirs in zip(run(tricera), run(keras), strict=True):
        same_history(ours, theirs)


@pytest.mark.parametrize("eager", [False, True])
def test_losses_of_what_compute_loss_makes_of_the_outputs(keras, eager):
    def run(k):
        class Halves(k.Model):
            def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
                return super().compute_loss(x, y, [y_pred[:, :1], y_pred[:, 1:]], sample_weight, training)

        x = k.Input((3,))
        model = Halves(x, k.layers.Dense(2, kernel_initializer="ones")(x))
        model.compile("sgd", ["mse", "mae"], loss_weights=[1.0, 0.5], run_eagerly=eager)
        return model.fit(X, (A, B), batch_size=4, epochs=2, shuffle=False, verbose=0).history

    same_history(run(tricera), run(keras))


MESSAGES = {
    "loss_key": (
        {"p": {"a": "mse"}},
        PAIR,
        {},
        """\
`loss['p']` is a dict, but the outputs there are none.
  expected: a loss, or losses nested like (*, *)
  got:      {'a': *}""",
    ),
    "loss_name": (
        {"p": "mse", "r": "mse"},
        PAIR,
        {},
        """\
In the dict argument `loss`, key 'r' does not correspond to any model output.
  expected: 'p', 'q'
  got:      'p', 'r'
  fix:      `loss` by the names of the outputs: {'p': ..., 'q': ...}.""",
    ),
    "loss_count": (
        {"p": ("mse", ["mae"], "mse")},
        PAIR,
        {},
        """\
`loss['p']` must have one entry for each output there.
  expected: 2: (*, *)
  got:      3: (*, [*], *)
  fix:      None stands for no loss.""",
    ),
    "loss_weights": (
        {"p": ["mse", "mae"], "q": "mse"},
        PAIR,
        {"loss_weights": {"p": [1.0], "q": 1.0}},
        """\
`loss_weights` must match the number of losses.
  expected: 3 numbers, nested like `loss`: {'p': [*, *], 'q': *}
  got:      {'p': [*], 'q': *}""",
    ),
    "targets": (
        "mse",
        {"p": A, "q": B},
        {},
        """\
y_true and y_pred have different structures. `y` is not nested like the outputs of the model.
  expected: {'p': (*, *), 'q': *}
  got:      {'p': *, 'q': *}""",
    ),
    "metrics": (
        "mse",
        PAIR,
        {"metrics": {"p": {"a": "mae"}}},
        """\
Invalid `metrics`. `metrics` is not nested like the outputs of the model.
  expected: {'p': (*, *), 'q': *}
  got:      {'p': {'a': *}}""",
    ),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_messages(case):
    loss, y, rest, message = MESSAGES[case]
    model = made(tricera, "functional", lambda a, b: {"p": (a, b), "q": a})
    model.compile("sgd", loss, **rest)
    with pytest.raises(ValueError) as caught:
        model.train_on_batch(X, y)
    assert str(caught.value) == message
