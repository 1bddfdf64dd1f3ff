"""Data sets: what each step gives, that they can be read again, and that nothing of a pass outlives it."""

import itertools
import threading
import time

import numpy as np
import pytest

import tricera
from tricera import layers
from tricera.data import AUTOTUNE, Dataset, Spec, ahead

X, Y = np.arange(24.0, dtype="float32").reshape(12, 2) / 24, np.arange(12.0, dtype="float32")[:, None]


def lists(dataset):
    """The elements as plain Python."""
    return [item.tolist() if hasattr(item, "tolist") else item for item in dataset]


def numbers(count=7):
    return Dataset.range(count)


# What `tf.data` gives, too.
STEPS = {
    "take": (lambda d: d.take(2), [0, 1]),
    "take_all": (lambda d: d.take(-1).take(9), list(range(7))),
    "skip": (lambda d: d.skip(5), [5, 6]),
    "shard": (lambda d: d.shard(3, 1), [1, 4]),
    "repeat": (lambda d: d.take(2).repeat(3), [0, 1] * 3),
    "batch": (lambda d: d.batch(3), [[0, 1, 2], [3, 4, 5], [6]]),
    "drop": (lambda d: d.batch(3, drop_remainder=True), [[0, 1, 2], [3, 4, 5]]),
    "unbatch": (lambda d: d.batch(3).unbatch().take(2), [0, 1]),
    "map": (lambda d: d.map(lambda x: x * x).take(3), [0, 1, 4]),
    "threads": (lambda d: d.map(lambda x: x * x, num_parallel_calls=AUTOTUNE).skip(5), [25, 36]),
    "filter": (lambda d: d.filter(lambda x: x % 3 == 0), [0, 3, 6]),
    "take_while": (lambda d: d.take_while(lambda x: x < 2), [0, 1]),
    "concatenate": (lambda d: d.take(1).concatenate(d.skip(6)), [0, 6]),
    "cache": (lambda d: d.cache(), list(range(7))),
    "prefetch": (lambda d: d.prefetch(AUTOTUNE), list(range(7))),
    "flat_map": (lambda d: d.take(3).flat_map(lambda x: Dataset.range(x)), [0, 0, 1]),
    "interleave": (
        lambda d: d.take(3).interleave(lambda x: Dataset.range(10 * x, 10 * x + 2), 2),
        [0, 10, 1, 11, 20, 21],
    ),
    "window": (lambda d: d.window(3, 2).flat_map(lambda w: w.batch(3)), [[0, 1, 2], [2, 3, 4], [4, 5, 6], [6]]),
    "window_full": (
        lambda d: d.window(2, 4, stride=2, drop_remainder=True).flat_map(lambda w: w.batch(2)),
        [[0, 2], [4, 6]],
    ),
    "gap": (lambda d: d.window(1, 4).flat_map(lambda w: w), [0, 4]),
    "padded": (
        lambda d: d.take(3).map(lambda x: np.arange(x)).padded_batch(3, padding_values=-1),
        [[[-1, -1], [0, -1], [0, 1]]],
    ),
    "padded_shape": (lambda d: d.take(2).map(lambda x: np.arange(x)).padded_batch(2, [3]), [[[0, 0, 0], [0, 0, 0]]]),
    "apply": (lambda d: d.apply(lambda e: e.take(1)), [0]),
    "options": (lambda d: d.with_options(None).take(1), [0]),
}


@pytest.mark.parametrize("name", STEPS)
def test_steps_give_the_same_from_rows_and_from_a_generator_and_again(name):
    step, wanted = STEPS[name]
    for source in (numbers(), Dataset.from_tensor_slices(np.arange(7)), Dataset.from_generator(lambda: iter(range(7)))):
        made = step(source)
        assert lists(made) == lists(made) == wanted
        if made.cardinality() >= 0:
            assert len(made) == len(wanted)


def test_nested_elements_keep_their_structure_and_say_it():
    data = Dataset.from_tensor_slices(({"a": [1, 2, 3], "b": np.zeros((3, 4))}, ["x", "yy", "z"]))
    batch, texts = next(iter(data.batch(2)))
    assert batch["a"].tolist() == [1, 2] and batch["b"].shape == (2, 4) and texts.tolist() == ["x", "yy"]
    assert data.element_spec == ({"a": Spec((), "int32"), "b": Spec((4,), "float64")}, Spec((), "string"))
    assert data.batch(2, drop_remainder=True).element_spec[0]["b"] == Spec((2, 4), "float64")
    assert data.map(lambda d, text: d["a"]).batch(2).element_spec == Spec((None,), "int32")
    assert data.batch(2).unbatch().element_spec == data.element_spec
    first = next(iter(Dataset.zip(data, numbers()).enumerate(start=5)))
    assert first[0] == 5 and first[1][0][1] == "x" and first[1][1] == 0
    assert len(Dataset.zip((data, numbers()))) == 3


def test_a_generator_is_cast_to_what_it_declares():
    made = Dataset.from_generator(
        lambda n: ((i, [i] * 2) for i in range(n)), args=(2,), output_types=("float32", "int64")
    )
    assert [(x.dtype.name, y.dtype.name, y.tolist()) for x, y in made] == [
        ("float32", "int64", [0, 0]),
        ("float32", "int64", [1, 1]),
    ]
    signature = (Spec((), "int8"), Spec((2,), "float16"))
    made = Dataset.from_generator(lambda: [(1, [2, 3])], output_signature=signature)
    assert made.element_spec == signature and next(iter(made))[1].dtype == "float16"


def test_shuffling_loses_nothing_and_differs_from_pass_to_pass():
    source = Dataset.from_tensor_slices(np.arange(50))
    for data in (source.shuffle(50, seed=3), source.shuffle(8, seed=3), source.map(lambda x: x).shuffle(8, seed=3)):
        first, second = lists(data), lists(data)
        assert sorted(first) == sorted(second) == list(range(50)) and first != second
    assert lists(source.shuffle(8, seed=3)) == lists(source.map(lambda x: x).shuffle(8, seed=3))
    fixed = source.shuffle(50, seed=3, reshuffle_each_iteration=False)
    assert lists(fixed) == lists(fixed) != list(range(50))
    np.random.seed(1)  # noqa: NPY002
    one = lists(source.shuffle(50))
    np.random.seed(1)  # noqa: NPY002
    assert one == lists(source.shuffle(50))
    assert all(value < place + 8 for place, value in enumerate(lists(source.shuffle(8))))


def test_a_cache_computes_once_and_only_whole_passes_count():
    calls = []
    data = numbers(3).map(lambda x: calls.append(x) or x).cache()
    next(iter(data))
    assert lists(data) == lists(data) == [0, 1, 2]
    assert len(calls) == 4


def test_lengths():
    assert numbers().repeat().cardinality() == -1 and numbers().repeat().take(5).cardinality() == 5
    assert numbers().filter(bool).cardinality() == -2 and numbers(0).repeat().cardinality() == 0
    for data, what in ((numbers().repeat(), "infinite"), (numbers().filter(bool), "unknown")):
        with pytest.raises(TypeError) as caught:
            len(data)
        assert str(caught.value) == (
            f"The dataset length is {what}.\n"
            "  fix:      `cardinality()` says so by a negative number; `sum(1 for _ in dataset)` counts."
        )
        assert data
    assert lists(itertools.islice(numbers(2).repeat(), 5)) == [0, 1, 0, 1, 0]
    assert repr(numbers().repeat()) == "<Dataset endless>"


def test_no_thread_outlives_its_pass():
    before = threading.active_count()
    data = numbers(1000).prefetch(2).map(lambda x: x, num_parallel_calls=3).batch(2).prefetch(1)
    for _ in range(3):
        for _ in data:
            break
    with pytest.raises(ZeroDivisionError) as caught:
        lists(data.map(lambda x: 1 // int(x[0])).prefetch(2))
    time.sleep(0.05)
    assert threading.active_count() == before and caught.value


def test_threads_work_side_by_side():
    together = threading.Barrier(3, timeout=10)
    assert len(lists(numbers(6).map(lambda x: together.wait() * 0 + x, num_parallel_calls=3))) == 6


def test_an_error_says_the_step_and_the_element():
    def parse(path, label):
        return int(path)

    data = Dataset.from_tensor_slices((["1", "cat.jpg"], [0, 1])).map(parse, num_parallel_calls=2).prefetch(1)
    with pytest.raises(ValueError, match="invalid literal") as caught:
        lists(data)
    (note,) = caught.value.__notes__
    assert note == (
        f"  in:       Dataset.map({parse.__qualname__} at {__file__}:{parse.__code__.co_firstlineno}), "
        "element 1: ('cat.jpg', 1)"
    )
    assert any(entry.name == "parse" for entry in caught.traceback)


MESSAGES = {
    "shapes": (
        lambda: lists(Dataset.from_generator(lambda: [np.zeros(2), np.zeros(3)]).batch(2)),
        (
            "Cannot batch elements of different shapes.\n"
            "  expected: the shape of the first one, (2,)\n"
            "  got:      (2,), (3,)\n"
            "  fix:      bring them to one shape by `map`, or pad them by `padded_batch`."
        ),
    ),
    "lengths": (
        lambda: Dataset.from_tensor_slices((X, Y[:3])),
        (
            "`from_tensor_slices` takes arrays of one length.\n"
            "  expected: arrays with the same first axis\n"
            "  got:      (12, 2), (3, 1)"
        ),
    ),
    "batch": (lambda: numbers().batch(0), "`batch_size` is not a size.\n  expected: a positive integer\n  got:      0"),
    "padded": (
        lambda: lists(Dataset.from_generator(lambda: [np.zeros(4)]).padded_batch(1, [3])),
        "An element is longer than its padded shape.\n  expected: (3,)\n  got:      (4,)",
    ),
    "files": (lambda: Dataset.list_files("/nowhere/*"), "No files matched the pattern.\n  got:      '/nowhere/*'"),
    "cache": (
        lambda: numbers().cache("here"),
        "`cache` keeps elements in memory.\n  got:      filename='here'\n  fix:      leave the name out.",
    ),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_messages(name):
    call, text = MESSAGES[name]
    with pytest.raises((ValueError, NotImplementedError)) as caught:
        call()
    assert str(caught.value) == text


def test_a_maker_that_hangs_is_shown(monkeypatch):
    monkeypatch.setattr(ahead, "PATIENCE", 0.1)

    def sleeper(x):
        time.sleep(0.4)
        return x

    with pytest.warns(UserWarning, match="still waiting") as caught:
        assert lists(numbers(1).map(sleeper, num_parallel_calls=1).prefetch(1)) == [0]
    assert "in sleeper\n    time.sleep(0.4)" in str(caught[0].message)


# ---- in fit


def model():
    tricera.utils.set_random_seed(2)
    made = tricera.Sequential([layers.Input((2,)), layers.Dense(1)])
    made.compile("sgd", "mse")
    return made


def test_fit_evaluate_and_predict_take_datasets():
    data = Dataset.from_tensor_slices((X, Y)).batch(4).prefetch(1)
    ours, arrays = model(), model()
    history = ours.fit(data, epochs=2, verbose=0, validation_data=data)
    wanted = arrays.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0, validation_data=(X, Y))
    for name, values in wanted.history.items():
        np.testing.assert_allclose(history.history[name], values, rtol=1e-5)
    np.testing.assert_allclose(
        ours.evaluate(data, verbose=0), arrays.evaluate(X, Y, batch_size=4, verbose=0), rtol=1e-5
    )
    np.testing.assert_allclose(
        ours.predict(data.map(lambda x, y: x), verbose=0), arrays.predict(X, verbose=0), rtol=1e-5
    )
    again = model()
    again.fit(data.repeat(), steps_per_epoch=3, epochs=2, verbose=0)
    np.testing.assert_allclose(again.get_weights()[0], ours.get_weights()[0], rtol=1e-6)
    with pytest.raises(ValueError) as caught:
        again.fit(data.repeat(), verbose=0)
    assert str(caught.value) == (
        "The data set never ends: an epoch needs a number of steps.\n"
        "  expected: a data set with an end, or `steps_per_epoch` (`validation_steps`, `steps`)\n"
        "  got:      a Dataset without end\n"
        "  fix:      leave out `repeat()`: each epoch reads the data set anew."
    )
