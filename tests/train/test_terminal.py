"""The progress of a real run: in a terminal, in a file, and when Ctrl-C comes."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest

SCRIPT = """
import numpy as np
import tricera as keras

keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(4, 3), keras.layers.Flatten(),
                          keras.layers.Dense(3, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy", "mae"])
x, y = np.random.rand(96, 8, 8, 1), np.random.randint(0, 3, (96, 1))
print("ready", flush=True)
try:
    model.fit(x, y, epochs={epochs}, validation_split=1 / 3, batch_size=1)
except KeyboardInterrupt:
    trained, recorded = bool(model.optimizer.iterations > 0), len(model.history.epoch) > 0
    print("stopped", trained, len(model.predict(x, verbose=0)), recorded)
"""


def in_terminal(epochs, columns, interrupt_after=None):
    """What the script writes to a terminal of so many columns."""
    main, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    command = [sys.executable, "-c", SCRIPT.format(epochs=epochs)]
    environment = {**os.environ, "TERM": "xterm"}
    process = subprocess.Popen(command, stdin=other, stdout=other, stderr=other, env=environment, close_fds=True)
    os.close(other)
    written, deadline = "", time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([main], [], [], 0.2)[0]:
            try:
                piece = os.read(main, 65536).decode()
            except OSError:  # the terminal is closed
                break
            written += piece
            if interrupt_after is not None and interrupt_after in written:
                process.send_signal(signal.SIGINT)
                interrupt_after = None
        elif process.poll() is not None:
            break
    os.close(main)
    assert process.wait(20) == 0, written
    return written.replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [80, 50])
def test_lines_are_redrawn_in_place_and_never_wrap(columns):
    lines = in_terminal(2, columns).split("ready\n")[1].split("\n")
    assert [line for line in lines if line.startswith("Epoch")] == ["Epoch 1/2", "Epoch 2/2"]
    drawings = [part for line in lines for part in line.split("\r")]
    assert all(len(part) <= columns for part in drawings)
    assert any("\r" in line for line in lines)
    final = [line.split("\r")[-1] for line in lines if "64/64 [" in line]
    assert len(final) == 2
    shown = " ".join(lines)
    assert re.search(r"\ds +[\d.]+m?s/step.*loss: \d\.\d{4}.*accuracy: .*val_loss: .*val_mae: ", shown)


def test_ctrl_c_ends_training_and_leaves_the_model_usable():
    written = in_terminal(100000, 80, interrupt_after="Epoch 3/")
    last = written.rstrip("\n").split("\n")[-1]
    assert last == "stopped True 96 True"


def test_a_file_gets_one_line_an_epoch(tmp_path):
    with (tmp_path / "log").open("w") as log:
        subprocess.run([sys.executable, "-c", SCRIPT.format(epochs=3)], stdout=log, check=True, timeout=120)
    text = (tmp_path / "log").read_text()
    lines = text.splitlines()
    assert lines[0] == "ready"
    assert [line.split(" - ")[0] for line in lines[1:]] == ["Epoch 1/3", "Epoch 2/3", "Epoch 3/3"]
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", text)
