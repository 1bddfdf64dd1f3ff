"""Batches made by processes: their order, their errors, their deaths, and that they see what changes."""

import multiprocessing
import sys
import textwrap

import numpy as np
import pytest

import tricera
from tricera import layers
from tricera.data import ahead
from tricera.data.processes import Workers

MODULE = """
    import os, time
    import numpy as np
    from tricera.data import PyDataset

    class Unspeakable(Exception):
        def __init__(self, a, b):
            super().__init__("cannot be pickled")

    class Numbers(PyDataset):
        factor = 1

        def __len__(self):
            return 4

        def __getitem__(self, index):
            if index == 10:
                raise KeyError("the label of image 7")
            if index == 11:
                raise Unspeakable(1, 2)
            if index == 12:
                os._exit(3)
            if index == 13:
                os.kill(os.getpid(), 9)
            if index == 14:
                time.sleep(1)
            time.sleep(0.02 * (index % 2 == 0))  # later ones are sooner done
            return np.full((2, 1), self.factor * index, "float32"), np.zeros((2, 1), "float32")

        def on_epoch_end(self):
            self.factor += 1
"""


@pytest.fixture
def numbers(tmp_path, monkeypatch):
    """A data set whose class other processes can import."""
    (tmp_path / "numbers_of_a_test.py").write_text(textwrap.dedent(MODULE))
    monkeypatch.syspath_prepend(tmp_path)
    import numbers_of_a_test

    yield numbers_of_a_test.Numbers(workers=2, use_multiprocessing=True, max_queue_size=3)
    del sys.modules["numbers_of_a_test"]


def first(batches):
    return [float(x[0, 0]) for x, _ in batches]


def test_order_changes_errors_and_death(numbers):
    workers = Workers(numbers, 2)
    assert first(workers.batches(range(4), 3)) == [0, 1, 2, 3]
    begun = workers.batches(range(4), 3)
    next(begun)
    begun.close()  # what was under way is forgotten
    numbers.factor = 5
    workers.refresh(numbers)
    assert first(workers.batches(range(4), 3)) == [0, 5, 10, 15]
    with pytest.raises(KeyError) as caught:
        list(workers.batches([1, 10, 2], 3))
    (note,) = caught.value.__notes__
    assert note.startswith("  in:       batch 10, made by a process:\nTraceback (most recent call last):\n")
    assert 'in __getitem__\n    raise KeyError("the label of image 7")' in note
    with pytest.raises(RuntimeError, match=r"^numbers_of_a_test\.Unspeakable: cannot be pickled"):
        list(workers.batches([11], 1))
    assert first(workers.batches([2, 3], 1)) == [10, 15]
    with pytest.raises(RuntimeError) as caught:
        list(workers.batches([1, 12], 3))
    name = str(caught.value).split()[2]
    assert str(caught.value) == (
        f"The process {name} died while it made batch 12.\n"
        "  got:      exit code 3\n"
        "  fix:      see what it wrote above. SIGKILL: memory ran out. A script starts processes only below "
        '`if __name__ == "__main__":`, and a class that a notebook defines belongs in a module.'
    )
    workers.close()
    assert not [child for child in multiprocessing.active_children() if child.name.startswith("tricera-data")]


def test_one_that_is_killed_is_told_by_the_signal(numbers):
    workers = Workers(numbers, 1)
    with pytest.raises(RuntimeError, match=r"^The process tricera-data-\d+ died while it made batch 13\.\n.*SIGKILL\n"):
        list(workers.batches([1, 13], 3))
    workers.close()


def test_one_that_hangs_shows_where_it_stands_and_is_waited_for(numbers, monkeypatch, capfd):
    monkeypatch.setattr(ahead, "PATIENCE", 0.3)
    workers = Workers(numbers, 1)
    assert first(workers.batches([14, 1], 3)) == [14, 1]
    workers.close()
    told = capfd.readouterr().err
    assert (
        told.startswith("Timeout (0:00:00.300000)!\n") and "numbers_of_a_test.py" in told and "in __getitem__" in told
    )


def test_fit_by_processes_is_fit_by_threads(numbers):
    def trained(data):
        tricera.utils.set_random_seed(2)
        model = tricera.Sequential([layers.Input((1,)), layers.Dense(1)])
        model.compile("sgd", "mse")
        return model.fit(data, epochs=3, shuffle=False, verbose=0).history["loss"]

    ours = trained(numbers)
    assert numbers.factor == 4 and not multiprocessing.active_children()
    numbers.factor, numbers.use_multiprocessing = 1, False
    np.testing.assert_allclose(ours, trained(numbers), rtol=1e-6)


def test_what_cannot_be_sent_is_told(numbers):
    numbers.function = lambda: None
    with pytest.raises(ValueError) as caught:
        Workers(numbers, 2)
    what, got, fix = str(caught.value).split("\n")
    assert what == "The Numbers cannot be sent to other processes." and got.startswith("  got:      Can't ")
    assert fix == (
        "  fix:      keep lambdas, locks and open files out of its attributes, or leave `use_multiprocessing` out."
    )
