"""What fit takes: arrays of every kind, generators, PyDatasets, in every form of nesting."""

import threading
import time

import numpy as np
import pytest

import tricera
from tricera import callbacks, layers
from tricera.data import PyDataset
from tricera.data.ahead import prefetched
from tricera.train.data import Arrays, class_weighted, unpack
from tricera.train.stream import from_dataset, from_iterable

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(12, 4)).astype("float32"), RNG.normal(size=(12, 1)).astype("float32")


def model():
    tricera.utils.set_random_seed(2)
    made = tricera.Sequential([layers.Input((4,)), layers.Dense(1)])
    made.compile("sgd", "mse")
    return made


def trained(*args, **kwargs):
    made = model()
    history = made.fit(*args, shuffle=False, verbose=0, **kwargs)
    return [*made.get_weights(), np.array(history.history["loss"])]


REFERENCE = {"x": X, "y": Y, "batch_size": 4, "epochs": 2}


def same(ours, dtype_rounding=1e-6):
    for a, b in zip(ours, trained(**REFERENCE), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=dtype_rounding)


@pytest.mark.parametrize(
    "x, y",
    [
        (X.astype("float64"), Y.astype("float64")),
        (X.tolist(), Y.tolist()),
        (X, Y[:, 0]),
        (X.astype(object), Y),
        (tricera.ops.convert_to_tensor(X), Y),
        ([X], [Y]),
        ((X,), (Y,)),
    ],
    ids=["float64", "lists", "1d-targets", "objects", "jax", "in-lists", "in-tuples"],
)
def test_arrays_of_every_kind_train_alike(x, y):
    same(trained(x, y, batch_size=4, epochs=2))


def test_pandas():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcd"))
    same(trained(frame, pandas.Series(Y[:, 0], name="y"), batch_size=4, epochs=2))


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int32", "int64", "float16", "bool"])
def test_integers_and_small_floats_are_numbers(dtype):
    x = (np.arange(48).reshape(12, 4) % 2).astype(dtype)
    ours, floats = trained(x, Y, epochs=2), trained(x.astype("float32"), Y, epochs=2)
    for a, b in zip(ours, floats, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


class Batches(PyDataset):
    def __init__(self, delay=0.0, **kwargs):
        super().__init__(**kwargs)
        self.delay, self.ended, self.threads = delay, 0, set()

    def __len__(self):
        return 3

    def __getitem__(self, index):
        self.threads.add(threading.get_ident())
        time.sleep(self.delay * (3 - index))  # the later, the sooner: order must not depend on it
        return X[4 * index : 4 * index + 4], Y[4 * index : 4 * index + 4]

    def on_epoch_end(self):
        self.ended += 1


@pytest.mark.parametrize("workers", [1, 3])
def test_a_pydataset_keeps_its_order_whatever_its_workers(workers):
    data = Batches(delay=0.01, workers=workers, max_queue_size=2)
    same(trained(data, epochs=2))
    assert data.ended == 2
    assert len(data.threads) >= min(workers, 2) if workers > 1 else len(data.threads) == 1
    assert threading.get_ident() not in data.threads


def test_a_pydataset_without_super_init_works():
    class Plain(PyDataset):
        def __init__(self):
            pass

        __len__, __getitem__ = lambda self: 3, lambda self, i: (X[4 * i : 4 * i + 4], Y[4 * i : 4 * i + 4])

    same(trained(Plain(), epochs=2))


def generate(rounds=None):
    count = 0
    while rounds is None or count < rounds:
        count += 1
        for i in range(0, 12, 4):
            yield X[i : i + 4], Y[i : i + 4]


def test_a_generator_goes_on_where_the_last_epoch_stopped():
    same(trained(generate(), steps_per_epoch=3, epochs=2))


def test_a_generator_stays_open_for_its_owner():
    before, data, made = threading.active_count(), generate(), model()
    made.fit(data, steps_per_epoch=3, verbose=0)
    made.fit(data, steps_per_epoch=3, verbose=0)
    made.evaluate(data, steps=2, verbose=0)
    assert next(data)[0].shape == (4, 4) and threading.active_count() == before


def test_an_iterable_is_opened_anew_each_epoch():
    same(trained(list(generate(1)) and _Again(), epochs=2))


class _Again:
    def __iter__(self):
        return generate(1)


def test_weights_in_batches_and_class_weights():
    weighted = trained(((x, y, np.full(4, 0.5)) for x, y in generate(1)), steps_per_epoch=3)
    arrays = trained(X, Y, batch_size=4, sample_weight=np.full(12, 0.5))
    for a, b in zip(weighted, arrays, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_errors_of_a_generator_come_through():
    def broken():
        yield X[:4], Y[:4]
        raise RuntimeError("the disk is on fire")

    made = model()
    with pytest.raises(RuntimeError, match="the disk is on fire"):
        made.fit(broken(), steps_per_epoch=3, verbose=0)
    assert np.isfinite(made.predict(X, verbose=0)).all()


def test_validation_data_in_every_form():
    found = [
        model().fit(X, Y, batch_size=4, shuffle=False, verbose=0, validation_data=data, validation_steps=steps).history
        for data, steps in [((X, Y), None), ([X, Y], None), (generate(), 3), (Batches(), None)]
    ]
    for history in found[1:]:
        np.testing.assert_allclose(history["val_loss"], found[0]["val_loss"], rtol=1e-5)


def test_evaluate_and_predict_take_generators():
    made = model()
    arrays = made.evaluate(X, Y, batch_size=4, verbose=0)
    np.testing.assert_allclose(made.evaluate(generate(), steps=3, verbose=0), arrays, rtol=1e-5)
    np.testing.assert_allclose(
        made.predict((x for x, _ in generate(1)), verbose=0), made.predict(X, batch_size=5, verbose=0), rtol=1e-5
    )


def test_y_beside_a_generator_is_told():
    with pytest.raises(ValueError) as caught:
        model().fit(generate(), Y, verbose=0)
    assert str(caught.value) == (
        "When `x` yields batches, `y` should not be passed.\n"
        "  got:      x of type generator, and `y`\n"
        "  fix:      let each batch be `(inputs, targets)` or `(inputs, targets, sample_weight)`."
    )


def test_no_data_is_told():
    with pytest.raises(ValueError) as caught:
        model().fit(None, Y)
    assert str(caught.value) == (
        "Unrecognized data type: x=None (of type NoneType).\n"
        "  expected: arrays, lists or dicts of arrays, a generator, a PyDataset or an iterable of batches"
    )


def test_prefetching_stays_a_few_ahead_and_stops():
    drawn = []

    def source():
        for i in range(100):
            drawn.append(i)
            yield i

    ahead = prefetched(source(), 3)
    assert next(ahead) == 0
    time.sleep(0.3)
    assert len(drawn) <= 6
    ahead.close()
    time.sleep(0.3)
    before = len(drawn)
    time.sleep(0.2)
    assert len(drawn) == before


def test_unpack():
    assert unpack(1) == (1, None, None)
    assert unpack((1,)) == (1, None, None)
    assert unpack([1, 2]) == (1, 2, None)
    with pytest.raises(ValueError, match="Data is expected to be in format"):
        unpack((1, 2, 3, 4))


def test_class_weights_of_labels_in_every_form():
    labels, weights = np.array([0, 2, 1]), {0: 2.0, 2: 0.5}
    for y in (labels, labels[:, None], np.eye(3)[labels], labels.astype("float32")):
        np.testing.assert_array_equal(class_weighted(y, None, weights), np.array([2, 0.5, 1], "float32"))


def test_a_split_keeps_the_last_samples_out():
    train, last = Arrays(X, Y, None, 4).split(0.25)
    assert (train.samples, last.samples) == (9, 3)
    np.testing.assert_array_equal(last.data[0], X[9:])


def test_streams_know_their_lengths():
    assert from_dataset(Batches()).steps == 3
    assert from_iterable(generate()).steps is None
    assert from_iterable(generate()).endless


def test_an_interrupt_between_steps_leaves_the_model_usable():
    import signal

    class Interrupt(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                signal.raise_signal(signal.SIGINT)

    made = model()
    with pytest.raises(KeyboardInterrupt):
        made.fit(X, Y, batch_size=4, epochs=5, verbose=0, callbacks=[Interrupt()])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert np.isfinite(made.predict(X, verbose=0)).all()
    made.fit(X, Y, verbose=0)
