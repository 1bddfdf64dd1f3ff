"""Cross-validation: folds, one program for all of them, and nothing known of what is held out."""

import numpy as np
import pytest

import tricera
from tricera import callbacks, layers
from tricera.model_selection import cross_validate, folds
from tricera.model_selection.crossed import _parts
from tricera.train import programs

RNG = np.random.default_rng(0)
X = RNG.normal(3, 2, (27, 3)).astype("float32")
Y = (X[:, :1] - X[:, 1:2]).astype("float32")


def build():
    model = tricera.Sequential([layers.Input((3,)), layers.Dense(4, "relu"), layers.Dropout(0.2), layers.Dense(1)])
    model.compile("rmsprop", "mse", metrics=["mae"])
    return model


def crossed(build_fn=build, **kwargs):
    tricera.utils.set_random_seed(1)
    arguments = {"k": 3, "iterations": 2, "epochs": 3, "batch_size": 6, "standardize": True, "verbose": 0}
    return cross_validate(build_fn, X, Y, **arguments | kwargs)


def test_folds_share_the_samples():
    found = folds(11, 3)
    assert [held.tolist() for _, held in found] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert all({9, 10} <= set(train) and not set(train) & set(held) for train, held in found)
    drawn = folds(12, 3, shuffle=True, seed=1)
    assert sorted(np.concatenate([held for _, held in drawn])) == list(range(12))
    assert drawn[0][1].tolist() != [0, 1, 2, 3] and (folds(12, 3, shuffle=True, seed=1)[0][1] == drawn[0][1]).all()
    labels = np.array([0] * 6 + [1] * 3)
    for train, held in folds(9, 3, stratify=labels):
        assert labels[held].sum() == 1 and labels[train].sum() == 2


def test_one_program_gives_what_one_after_the_other_gives():
    before = programs.traces.copy()
    together, apart = crossed(), crossed(one_program=False)
    traced = programs.traces - before
    # One compilation for the two rounds of three folds; apart: many steps, and the last one, of each kind.
    assert traced["train_folds"] == 1 and max(traced.values()) <= 1 and together.in_one_program
    assert not apart.in_one_program and len(apart.histories) == 6
    for ours, theirs in zip(together.histories, apart.histories, strict=True):
        assert set(ours) == set(theirs) == {"loss", "mae", "val_loss", "val_mae"}
        for name, values in theirs.items():
            np.testing.assert_allclose(ours[name], values, rtol=1e-4)
    assert together.mean["val_mae"].shape == (3,)
    np.testing.assert_allclose(together.mean["loss"], np.mean([h["loss"] for h in together.histories], 0))
    assert str(together).startswith("6 folds, 3 epochs: val_loss ")
    assert [a[1].tolist() for a in together.folds[:3]] != [a[1].tolist() for a in together.folds[3:]]


def test_scales_come_from_the_training_folds_alone():
    x = np.ones((8, 2), "float32")
    x[:, 0] = [0, 0, 0, 0, 1, 1, 1000, 1000]
    fold = folds(8, 4)[3]  # holds the large ones out
    (train, _), (held, _) = _parts(x, None, fold, True)
    np.testing.assert_allclose(train.mean(0), 0, atol=1e-6)
    assert train[:, 0].std() == pytest.approx(1) and held[0, 0] > 1000 and not train[:, 1].any()


def test_what_keeps_folds_apart():
    ended = crossed(iterations=1, callbacks=[callbacks.EarlyStopping("loss", patience=0, min_delta=1e9)])
    assert not ended.in_one_program and all(len(history["loss"]) == 2 for history in ended.histories)

    def convolutional():
        model = tricera.Sequential([layers.Input((3,)), layers.Reshape((3, 1)), layers.Conv1D(2, 2), layers.Flatten()])
        model.add(layers.Dense(1))
        model.compile("sgd", "mse")
        return model

    for build_fn, arguments, why in (
        (build, {"callbacks": []}, "`callbacks` is given"),
        (convolutional, {}, "convolutions are slow in loops and in batches of kernels"),
    ):
        with pytest.raises(ValueError) as caught:
            crossed(build_fn, one_program=True, **arguments)
        assert str(caught.value) == (
            f"The folds cannot be trained in one program.\n  got:      {why}\n  fix:      one_program=False"
        )


def test_bad_input():
    with pytest.raises(ValueError) as caught:
        crossed(k=40)
    assert str(caught.value) == (
        "`k` is not a number of folds.\n  expected: an integer from 2 to 27, the samples\n  got:      40"
    )
    with pytest.raises(ValueError, match="`standardize` takes a single array"):
        cross_validate(build, {"a": X}, Y, standardize=True)
