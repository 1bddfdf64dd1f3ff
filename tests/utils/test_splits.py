"""Samples in parts, and features on one scale."""

import numpy as np
import pytest

from tricera.preprocessing.scaling import StandardScaler
from tricera.utils import train_val_test_split

X, Y = np.arange(100).reshape(50, 2), np.array([0] * 40 + [1] * 10)


def test_parts_have_their_sizes_and_share_nothing():
    parts = train_val_test_split(X, Y, seed=1)
    assert [len(y) for _, y in parts] == [30, 10, 10]
    assert sorted(np.concatenate([x[:, 0] for x, _ in parts])) == list(range(0, 100, 2))
    assert all(((x[:, 0] >= 80) == y).all() for x, y in parts)
    assert [len(part) for part in train_val_test_split(np.arange(1000), ratio=(98, 1, 1))] == [980, 10, 10]
    left, right = train_val_test_split(np.arange(10), ratio=(7, 3), shuffle=False)
    assert left.tolist() == list(range(7)) and right.tolist() == [7, 8, 9]
    again = train_val_test_split(X, Y, seed=1)
    assert all((a[0] == b[0]).all() for a, b in zip(parts, again, strict=True))


def test_strata_and_nestings():
    parts = train_val_test_split({"a": X, "b": [Y, Y]}, Y, stratify=Y, seed=1)
    assert [int(y.sum()) for _, y in parts] == [6, 2, 2] and [len(y) for _, y in parts] == [30, 10, 10]
    assert (parts[0][0]["b"][1] == parts[0][1]).all() and parts[0][1].tolist() != sorted(parts[0][1])


def test_parts_that_cannot_be():
    with pytest.raises(ValueError) as caught:
        train_val_test_split(X[:3], ratio=(98, 1, 1))
    assert str(caught.value) == (
        "A part would be empty.\n"
        "  got:      3 samples in parts of 3, 0, 0\n"
        "  fix:      give more samples, or another `ratio`."
    )
    with pytest.raises(ValueError) as caught:
        train_val_test_split(X, stratify=Y, shuffle=False)
    assert str(caught.value) == (
        "`stratify` needs `shuffle`: samples in their order are what they are.\n  got:      shuffle=False"
    )


def test_scales():
    x = np.random.default_rng(0).normal(5, 3, (20, 4, 2)).astype("float32")
    x[..., 1] = 0.1
    scaler = StandardScaler()
    with pytest.raises(ValueError) as caught:
        scaler.transform(x)
    assert str(caught.value) == "The StandardScaler knows no data yet.\n  fix:      scaler.fit(x_train) first."
    scaled = scaler.fit_transform(x)
    np.testing.assert_allclose(scaled.mean((0, 1)), 0, atol=1e-6)
    np.testing.assert_allclose(scaled.std((0, 1)), [1, 0], atol=1e-6)
    np.testing.assert_allclose(scaler.inverse_transform(scaled), x, rtol=1e-5)
