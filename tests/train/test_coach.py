"""What `compile` and `fit` say of likely mistakes: each once, in one line, with its cure; nothing on request."""

import time
from types import SimpleNamespace

import numpy as np
import pytest

import tricera as keras
from tricera import config, layers
from tricera.train.coach import say
from tricera.train.coach.curves import overfitting_from

DRAW = np.random.default_rng(0)
X = DRAW.random((40, 4), dtype="float32")


@pytest.fixture(autouse=True)
def fresh():
    say.forget()
    yield
    say.forget()
    config.coach(True)


def net(units, activation, loss, metrics=None, inputs=(4,), optimizer="sgd"):
    hidden = [layers.Flatten()] if len(inputs) > 1 else []
    model = keras.Sequential([keras.Input(inputs), *hidden, layers.Dense(units, activation=activation, name="last")])
    model.compile(optimizer, loss, metrics=metrics)
    return model


def heard(capsys):
    return [line.removeprefix("coach: ") for line in capsys.readouterr().err.splitlines() if line.startswith("coach: ")]


FITTING = [
    (
        (1, "softmax", "binary_crossentropy"),
        "softmax over one unit always answers 1: end in `Dense(1, activation='sigmoid')` with 'binary_crossentropy'.",
    ),
    (
        (3, "softmax", "binary_crossentropy"),
        (
            "softmax and 'binary_crossentropy' do not belong together: 'categorical_crossentropy' for one of several "
            "classes, 'sigmoid' for several at once."
        ),
    ),
    (
        (3, "sigmoid", "categorical_crossentropy"),
        (
            "sigmoid and 'categorical_crossentropy' do not belong together: 'softmax' for one of several classes, "
            "'binary_crossentropy' for several at once."
        ),
    ),
    (
        (3, None, "sparse_categorical_crossentropy"),
        (
            "the loss 'sparse_categorical_crossentropy' takes probabilities, but the last layer ends in linear: give "
            "it `activation='softmax'`, or the loss `from_logits=True`."
        ),
    ),
    (
        (1, "relu", "binary_crossentropy"),
        (
            "the loss 'binary_crossentropy' takes probabilities, but the last layer ends in relu: give it "
            "`activation='sigmoid'`, or the loss `from_logits=True`."
        ),
    ),
    (
        (1, "sigmoid", keras.losses.BinaryCrossentropy(from_logits=True)),
        (
            "the loss 'binary_crossentropy' takes logits, but the last layer already ends in sigmoid: drop one of "
            "`from_logits=True` and the activation."
        ),
    ),
    (
        (3, "softmax", "mse"),
        (
            "softmax and the loss 'mean_squared_error' learn slowly together: take 'categorical_crossentropy', or "
            "'sparse_categorical_crossentropy' for integer labels."
        ),
    ),
]


@pytest.mark.parametrize(("given", "said"), FITTING)
def test_compile_knows_which_activation_and_loss_belong_together(given, said, capsys):
    net(*given)
    net(*given)
    assert heard(capsys) == [said]


@pytest.mark.parametrize(
    "given",
    [
        (1, "sigmoid", "binary_crossentropy"),
        (3, "sigmoid", "binary_crossentropy"),
        (3, "softmax", "categorical_crossentropy"),
        (3, "softmax", "sparse_categorical_crossentropy"),
        (3, None, keras.losses.SparseCategoricalCrossentropy(from_logits=True)),
        (1, None, "mse"),
        (1, "sigmoid", "mse"),
    ],
)
def test_the_pairs_of_the_table_are_in_order(given, capsys):
    net(*given)
    assert heard(capsys) == []


PIXELS = DRAW.integers(0, 256, (20, 8, 8, 1)).astype("float32")
DATA = [
    (
        (net, (1, None, "mse"), {"inputs": (8, 8, 1)}, PIXELS, PIXELS[:, 0, 0]),
        "`x` reaches from 0 to 255, like pixels: divide by 255, or begin with `Rescaling(1 / 255)`.",
    ),
    (
        (net, (1, None, "mse"), {}, X * [1, 1, 1, 1e4], X[:, :1]),
        (
            "the columns of `x` have very different scales, from 0.947 to 9.95e+03: bring them to one with a "
            "`Normalization` "
            "layer or `preprocessing.StandardScaler`."
        ),
    ),
    (
        (net, (1, "sigmoid", "binary_crossentropy"), {}, X, np.ones(40)),
        (
            "all 40 labels looked at are of class 1: nothing can be learned from one class; are the data sorted, or "
            "is a file "
            "missing?"
        ),
    ),
    (
        (net, (1, "sigmoid", "binary_crossentropy", ["accuracy"]), {}, X, np.arange(40) == 3),
        (
            "98% of the labels are of class 0, so that 'accuracy' tells nothing: measure `AUC`, `Precision` and "
            "`Recall`, and "
            "weigh the classes with `class_weight`."
        ),
    ),
    (
        (net, (1, None, "mse", ["accuracy"]), {}, X, X[:, 0]),
        "the targets are no classes, so that 'accuracy' tells nothing: measure 'mae'.",
    ),
    (
        (net, (1, "sigmoid", "mse"), {}, X, np.arange(40.0)),
        (
            "the targets reach from 0 to 39, beyond what sigmoid can answer: end in a layer without activation, or "
            "scale the "
            "targets."
        ),
    ),
    (
        (net, (4, "softmax", "categorical_crossentropy"), {}, X, (X > 0.5).astype("float32")),
        (
            "the rows of the targets do not add up to 1, as softmax does: 'sigmoid' with 'binary_crossentropy' for "
            "several "
            "classes at once."
        ),
    ),
]


@pytest.mark.parametrize(("given", "said"), DATA)
def test_check_says_all_without_training(given, said, capsys):
    make, arguments, options, x, y = given
    model = make(*arguments, **options)
    weights = model.get_weights()
    assert model.check(x, y) == [said]
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_fit_says_it_once_and_not_at_all_on_request(capsys):
    for wanted in (1, 0):
        model = net(1, None, "mse", ["accuracy"])
        model.fit(X, X[:, 0], verbose=0)
        model.fit(X, X[:, 0], verbose=0)
        assert len(heard(capsys)) == wanted
    say.forget()
    config.coach(False)
    net(3, "softmax", "mse").fit(X, X[:, :3] * 5, verbose=0)
    assert heard(capsys) == []


def test_layers_that_look_after_the_scale_are_seen():
    inner = [layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(1)]
    model = keras.Sequential([keras.Input((8, 8, 1)), *inner])
    model.compile("sgd", "mse")
    assert model.check(PIXELS, PIXELS[:, 0, 0]) == []


def test_validation_data_that_stand_in_the_training_data(capsys):
    model = net(1, None, "mse")
    held = np.concatenate([X[:10], DRAW.random((10, 4), dtype="float32")])
    said = (
        "50% of the validation samples are also among the training samples, so that validation says nothing of "
        "new data: "
        "split before, and split what belongs together the same way."
    )
    assert model.check(X, X[:, 0], (held, held[:, 0])) == [said]
    assert model.check(X, X[:, 0], (held[10:], held[10:, 0])) == []
    model.fit(X, X[:, 0], validation_data=(held, held[:, 0]), verbose=0)
    assert heard(capsys) == [said]


def test_a_class_for_each_place_of_a_sequence_is_in_order():
    model = keras.Sequential([keras.Input((None,)), layers.Embedding(9, 4), layers.Dense(9, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    words = DRAW.integers(0, 9, (20, 6))
    assert model.check(words, words) == []


def test_sparse_samples_are_not_taken_for_each_other():
    x = np.zeros((80, 500), "float32")
    x[np.arange(80), np.arange(80) * 6] = 1
    model = net(1, None, "mse", inputs=(500,))
    assert model.check(x[:60], x[:60, 0], (x[60:], x[60:, 0])) == []
    assert "of the validation samples are also among" in model.check(x, x[:, 0], (x[60:], x[60:, 0]))[0]


@pytest.mark.parametrize("callbacks", [[], [keras.callbacks.LambdaCallback(on_train_batch_end=lambda *_: None)]])
def test_nan_is_traced_to_the_first_batch_and_layer(callbacks, capsys):
    x = X.copy()
    x[3] = 1e30
    hidden = [layers.Dense(3, name="first"), layers.Dense(1, name="last")]
    model = keras.Sequential([keras.Input((4,)), *hidden])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(x, x[:, 0], batch_size=2, shuffle=False, verbose=0, callbacks=callbacks)
    said = [line for line in heard(capsys) if "NaN" in line]
    assert said == [
        (
            'the loss became NaN in batch 3 of epoch 1, first in Dense layer "first": try a learning rate of 0.01 '
            "instead of "
            "0.1, or `clipnorm=1.0` in the optimizer."
        )
    ]
    assert np.isnan(model.get_weights()[0]).all()  # the training itself is as it would have been


def test_nan_from_a_generator_has_no_batch(capsys):
    model = net(1, None, "mse")
    model.fit(((X * 1e30, X[:, :1]) for _ in range(4)), verbose=0)
    assert [line for line in heard(capsys) if "NaN" in line] == [
        (
            "the loss became NaN in epoch 1: try a learning rate of 0.001 instead of 0.01, or `clipnorm=1.0` in the "
            "optimizer."
        )
    ]


def test_overfitting_is_said_at_the_end(capsys):
    assert overfitting_from([3, 2, 1, 0.5, 0.2], [3, 2, 2.5, 2.6, 3]) == 3
    assert overfitting_from([3, 2, 1, 0.5, 0.2], [3, 2, 1.5, 1.4, 1.5]) is None
    assert overfitting_from([3, 2, 3, 3, 3], [3, 2, 2.5, 2.6, 3]) is None
    assert overfitting_from([1, 1], [np.nan, 1]) is None
    say.on_end(SimpleNamespace(history={"loss": [3, 2, 1, 0.5, 0.2], "val_loss": [3, 2, 2.5, 2.6, 3]}))
    assert heard(capsys) == [
        (
            "overfitting from epoch 3: stop there with `EarlyStopping(patience=3, restore_best_weights=True)`, or "
            "add Dropout, "
            "data or augmentation."
        )
    ]


def test_a_look_at_large_data_is_short():
    x = np.zeros((200_000, 50), "float32")
    model = net(1, None, "mse", inputs=(50,))
    model.check(x, x[:, 0], (x[:1000], x[:1000, 0]))
    start = time.perf_counter()
    model.check(x, x[:, 0], (x[:1000], x[:1000, 0]))
    assert time.perf_counter() - start < 2  # 0.1 s on a quiet machine
