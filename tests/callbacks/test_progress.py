import fcntl
import io
import os
import pty
import re
import select
import struct
import termios
from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest

from tricera.callbacks import CallbackList, LambdaCallback, progress, screen
from tricera.callbacks.logs import LazyLogs
from tricera.callbacks.progress import Progbar

FULL = "=" * 30


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    monkeypatch.delenv("PYCHARM_HOSTED", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(screen, "_drawn", 0)


@pytest.fixture
def clock(monkeypatch):
    """A clock to set by hand: `clock[0] += 1`."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now[0])
    return now


@pytest.fixture
def show_on(monkeypatch):
    """Set the standard output of `screen` alone: pytest sets that of the process between fixtures and test."""
    return lambda stream: monkeypatch.setattr(screen, "sys", SimpleNamespace(stdout=stream))


class Terminal(io.StringIO):
    def isatty(self):
        return True

    def fileno(self):
        raise OSError("no file")

    def take(self):
        """What was written since the last time."""
        text = self.getvalue()
        self.seek(0)
        self.truncate()
        return text


@pytest.fixture
def terminal(show_on):
    stream = Terminal()
    show_on(stream)
    return stream


def run_epoch(callbacks, clock, epoch, logs, steps=4, step_time=0.25):
    callbacks.on_epoch_begin(epoch)
    for batch in range(steps):
        clock[0] += step_time
        callbacks.on_train_batch_end(batch, {"loss": jnp.float32(1 / (batch + 1))})
    callbacks.on_epoch_end(epoch, logs)


LOGS = {"loss": 0.25, "accuracy": 0.9134, "val_loss": 0.0005}


def test_one_line_an_epoch_where_there_is_no_terminal(model, clock, capsys):
    callbacks = CallbackList(add_progbar=True, model=model, verbose="auto", epochs=2, steps=4)
    callbacks.on_train_begin()
    for epoch in range(2):
        run_epoch(callbacks, clock, epoch, LOGS)
    callbacks.on_train_end()
    facts = f"4/4 [{FULL}] - 1s 250ms/step - loss: 0.2500 - accuracy: 0.9134 - val_loss: 5.0000e-04"
    assert capsys.readouterr().out == f"Epoch 1/2 - {facts}\nEpoch 2/2 - {facts}\n"


@pytest.mark.parametrize(
    "verbose, out", [(0, ""), (2, "Epoch 1/2 - 4/4 - 1s - 250ms/step - loss: 0.2500\n"), (3, "Epoch 1/2\n")]
)
@pytest.mark.parametrize("stream", ["terminal", "capsys"])
def test_verbosity(request, model, clock, verbose, out, stream):
    stream = request.getfixturevalue(stream)
    run_epoch(CallbackList(add_progbar=True, model=model, verbose=verbose, epochs=2, steps=4), clock, 0, {"loss": 0.25})
    assert (stream.readouterr().out if hasattr(stream, "readouterr") else stream.take()) == out


def test_a_terminal_is_redrawn_in_place(model, clock, terminal):
    callbacks = CallbackList(add_progbar=True, model=model, verbose=1, epochs=2, steps=4)
    callbacks.on_epoch_begin(0)
    assert terminal.take() == "Epoch 1/2\n"
    drawn = []
    for batch in range(4):
        clock[0] += 100
        callbacks.on_train_batch_end(batch, {"loss": jnp.float32(batch)})
        drawn.append(terminal.take())
    assert drawn == [
        "\r1/4 [======>.......................] - ETA: 5:00 - loss: 0.0000e+00",
        "\r2/4 [==============>...............] - ETA: 3:20 - loss: 1.0000    ",
        "\r3/4 [=====================>........] - ETA: 1:40 - loss: 2.0000",
        f"\r4/4 [{FULL}] - ETA: 0s - loss: 3.0000  ",
    ]
    callbacks.on_epoch_end(0, {"loss": 3.0})
    erased = "\r" + " " * len(drawn[-1].strip()) + "\r"
    assert terminal.take() == f"{erased}4/4 [{FULL}] - 400s 100s/step - loss: 3.0000\n"


def test_what_callbacks_print_stands_above_the_bar(model, clock, terminal):
    talk = LambdaCallback(on_epoch_end=lambda epoch, logs: print("hello", file=terminal))
    run_epoch(CallbackList([talk], add_progbar=True, model=model, verbose=1, epochs=1, steps=4), clock, 0, {"loss": 1})
    assert shown(terminal.take()) == ["hello", f"4/4 [{FULL}] - 1s 250ms/step - loss: 1.0000", ""]


def test_an_interrupted_bar_stays(model, clock, terminal):
    callbacks = CallbackList(add_progbar=True, model=model, verbose=1, epochs=1, steps=4)
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    clock[0] += 1
    callbacks.on_train_batch_end(1, {"loss": 1})
    callbacks.on_train_end()
    assert shown(terminal.take()) == ["2/4 [==============>...............] - ETA: 1s - loss: 1.0000", ""]


def shown(text):
    """The lines on a screen after `text`."""
    lines = []
    for line in text.replace("\r\n", "\n").split("\n"):
        cells = ""
        for part in line.split("\r"):
            cells = part + cells[len(part) :]
        lines.append(cells.rstrip())
    return lines


def test_ten_drawings_a_second_and_no_more_reads(model, clock, terminal):
    """Over the ends of short epochs too."""
    callbacks = CallbackList(add_progbar=True, model=model, verbose=1, epochs=1, steps=500)
    drawn = read = 0
    for epoch in range(5):
        callbacks.on_epoch_begin(epoch)
        for batch in range(500):
            clock[0] += 0.001
            logs = LazyLogs({"loss": jnp.float32(1)})
            callbacks.on_train_batch_end(batch, logs)
            drawn += bool(terminal.take())
            read += logs._is_read
        callbacks.on_epoch_end(epoch, {"loss": 1})
        terminal.take()
    assert 20 <= drawn == read <= 25


def test_unknown_number_of_steps_is_known_after_an_epoch(model, clock, terminal):
    callbacks = CallbackList(add_progbar=True, model=model, verbose=1, epochs=1, steps=None)
    callbacks.on_epoch_begin(0)
    clock[0] += 3
    callbacks.on_train_batch_end(11, {"loss": 1.0})
    assert terminal.take() == "\r     12/Unknown - 3s 250ms/step - loss: 1.0000"
    callbacks.on_epoch_end(0, {"loss": 1.0})
    assert shown(terminal.take()) == [f"12/12 [{FULL}] - 3s 250ms/step - loss: 1.0000", ""]
    callbacks.on_epoch_begin(1)
    clock[0] += 1
    callbacks.on_train_batch_end(3, {"loss": 1.0})
    assert terminal.take() == "\r 4/12 [=========>....................] - ETA: 2s - loss: 1.0000"


def test_an_epoch_that_ends_early_says_so(model, clock, capsys):
    callbacks = CallbackList(add_progbar=True, model=model, verbose=1, epochs=1, steps=8)
    run_epoch(callbacks, clock, 0, {"loss": 1.0})
    assert capsys.readouterr().out == "4/8 [==============>...............] - 1s 250ms/step - loss: 1.0000\n"


def test_evaluation_and_prediction_have_a_bar_but_validation_has_none(model, clock, capsys):
    callbacks = CallbackList(add_progbar=True, model=model, verbose=1, epochs=1, steps=2)

    def test():
        callbacks.on_test_begin()
        clock[0] += 1
        callbacks.on_test_batch_end(1, {"loss": 1.0})
        callbacks.on_test_end({"loss": 1.0})

    test()
    assert capsys.readouterr().out == f"2/2 [{FULL}] - 1s 500ms/step - loss: 1.0000\n"
    callbacks.on_predict_begin()
    callbacks.on_predict_batch_end(1, {"outputs": np.ones((4, 2))})
    callbacks.on_predict_end()
    assert capsys.readouterr().out == f"2/2 [{FULL}] - 0s 0s/step\n"
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    test()
    assert capsys.readouterr().out == ""


def test_the_first_chunk_waits_for_the_compiler_and_does_not_count(clock, capsys):
    bar = Progbar(100)
    for current, seconds in ((10, 20), (50, 0.4), (100, 0.5)):
        clock[0] += seconds
        bar.update(current)
    assert capsys.readouterr().out == f"100/100 [{'=' * 20}] - 21s 10ms/step\n"


@pytest.mark.parametrize("stateful, stateless", [(None, None), (["b"], None), ([], None), (None, ["b"]), (None, [])])
def test_values_are_averaged_as_in_keras(keras, capsys, stateful, stateless):
    """Over chunks of different sizes; the values of the last update are shown as they are."""
    found = []
    for kind in (Progbar, keras.utils.Progbar):
        bar = kind(9, stateful_metrics=stateful, stateless_metrics=stateless, interval=0)
        for current, a, b in ((1, 0.5, 3.0), (4, 0.25, 1.0), (7, 2.0, np.float32(0.0004))):
            bar.update(current, [("a", a), ("b", b)])
        bar.add(2, [("b", 0.125)])
        found.append(re.findall(r"\w: [\d.e+-]+", capsys.readouterr().out)[-2:])
    assert found[0] == found[1]


def test_device_values_of_a_bar_are_read_when_drawn(clock, terminal):
    class Value:
        def __float__(self):
            return 2.0

        def __array__(self, *_, **__):
            reads.append(1)
            return np.array(2.0)

    reads = []
    bar = Progbar(1000, interval=0.1)
    for _ in range(500):
        bar.add(1, {"loss": Value()})
    assert len(reads) == 1
    clock[0] += 1
    bar.add(1, {"loss": Value(), "note": "so far"})
    assert terminal.take().endswith("loss: 2.0000 - note: so far") and len(reads) == 501


@pytest.mark.parametrize("verbose", [0, 1, 2])
def test_no_steps_at_all(capsys, verbose):
    Progbar(0, verbose=verbose).update(0, finalize=True)
    assert (
        capsys.readouterr().out == ["", "      0/Unknown - 0s 0s/step\n", "      0/Unknown - 0s - 0s/step\n"][verbose]
    )


@pytest.fixture
def real_terminal(show_on):
    """A pseudo-terminal of a given width as standard output; the function that is returned reads what is on it."""
    master, slave = pty.openpty()
    stream = os.fdopen(slave, "w", encoding="utf-8")
    show_on(stream)

    def resize(columns):
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 20, columns, 0, 0))
        return read

    def read():
        text = b""
        while not text.endswith(b"\n") and select.select([master], [], [], 5)[0]:
            text += os.read(master, 100_000)
        return text.decode()

    yield resize
    stream.close()
    os.close(master)


@pytest.mark.parametrize("columns", [0, 24, 40, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(model, clock, real_terminal, columns):
    read = real_terminal(columns)
    callbacks = CallbackList(add_progbar=True, model=model, verbose=1, epochs=1, steps=1875)
    callbacks.on_epoch_begin(0)
    for batch in (9, 1874):
        clock[0] += 1
        callbacks.on_train_batch_end(batch, {"loss": 0.5, "准确率": 0.5, "recall": 0.25})
    callbacks.on_epoch_end(0, {"loss": 0.5, "准确率": 0.5, "recall": 0.25, "val_loss": 1.0})
    text = read()
    drawn = [part for part in re.split(r"[\r\n]+", text) if part]
    assert max(map(screen.width, drawn)) <= (columns or 80)
    for value in ("loss: 0.5000", "准确率: 0.5000", "recall: 0.2500", "val_loss: 1.0000"):
        assert value in text
    if columns == 40:
        assert shown(text) == [
            "1875/1875 [" + "=" * 28 + "]",
            "    - 2s 0.54ms/step - loss: 0.5000",
            "    - 准确率: 0.5000 - recall: 0.2500",
            "    - val_loss: 1.0000",
            "",
        ]
        assert drawn[0] == "  10/1875 [..........] - ..."


def test_a_stream_that_cannot_say_a_name(show_on, clock):
    raw = io.BytesIO()
    show_on(io.TextIOWrapper(raw, "ascii"))
    Progbar(1).update(1, {"准确率": 0.5})
    assert raw.getvalue().decode() == f"1/1 [{'=' * 20}] - 0s 0s/step - ???: 0.5000\n"
    show_on(None)
    Progbar(1).update(1)


@pytest.mark.parametrize("name", ["ipykernel.iostream", "codecs"])
@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_where_a_line_can_be_redrawn(monkeypatch, show_on, name, term):
    stream = type("OutStream", (io.StringIO,), {"__module__": name})()
    show_on(stream)
    monkeypatch.setenv("TERM", term)
    assert screen.is_live() is (name == "ipykernel.iostream")
    assert screen.columns() == float("inf")


@pytest.mark.parametrize(
    "seconds, clock, brief",
    [
        (0, "0s", "0s"),
        (0.00045, "0s", "0.45ms"),
        (0.0134, "0s", "13ms"),
        (90, "1:30", "90s"),
        (7205, "2:00:05", "7205s"),
    ],
)
def test_durations(seconds, clock, brief):
    assert progress._clock(seconds) == clock and progress._brief(seconds) == brief


def test_message():
    with pytest.raises(ValueError) as error:
        Progbar(1, stateful_metrics=[], stateless_metrics=[])
    assert str(error.value) == (
        "Only one of `stateful_metrics` or `stateless_metrics` can be provided.\n"
        "  fix:      name the values to show as they are, or those to average, and leave the other one out."
    )
