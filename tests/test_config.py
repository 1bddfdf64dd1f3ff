"""The process' settings, against Keras' own where it has them."""

import logging
import re

import numpy as np
import pytest

import tricera
from tricera import callbacks, config, layers

X, Y = np.ones((40, 2), "float32"), np.ones((40, 1), "float32")


class Count(callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.batches = []

    def on_train_batch_end(self, batch, logs=None):
        self.batches.append("train")

    def on_test_batch_end(self, batch, logs=None):
        self.batches.append("test")


@pytest.fixture
def model():
    model = tricera.Sequential([layers.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def test_defaults_are_keras_own(keras):
    names = [name for name in dir(keras.config) if name.startswith(("is_", "max_")) or name == "floatx"]
    assert len(names) == 7
    for name in names:
        assert getattr(config, name)() == getattr(keras.config, name)(), name


def test_training_is_cut_short_where_the_process_says_so(model, monkeypatch):
    config.set_max_epochs(2)
    monkeypatch.setenv("KERAS_MAX_STEPS_PER_EPOCH", "3")
    try:
        count = Count()
        with pytest.warns(UserWarning, match="^Limiting epochs to 2") as told:
            history = model.fit(X, Y, 4, 5, verbose=0, callbacks=[count], validation_data=(X, Y))
        assert [str(w.message).split("\n")[0] for w in told] == [
            "Limiting epochs to 2",
            "Limiting steps_per_epoch to 3",
            "Limiting steps_per_epoch to 3",
        ]
        assert history.epoch == [0, 1]
        assert history.params["steps"] == 3
        assert count.batches == 2 * (3 * ["train"] + 3 * ["test"])
        with pytest.warns(UserWarning, match="Limiting steps_per_epoch to 3"):
            assert model.predict(X, batch_size=4, verbose=0).shape == (12, 1)
    finally:
        config.set_max_epochs(None)


def test_progress_can_be_logged_instead_of_shown(model, capsys, caplog):
    caplog.set_level(logging.INFO, "tricera")
    tricera.utils.disable_interactive_logging()
    try:
        model.fit(X, Y, batch_size=40, verbose=2)
    finally:
        tricera.utils.enable_interactive_logging()
    assert capsys.readouterr().out == ""
    (line,) = (record.message for record in caplog.records)
    assert re.fullmatch(r"1/1 - \d+s - \d+m?s/step - loss: \S+", line)


def test_switches():
    config.disable_traceback_filtering()
    assert not config.is_traceback_filtering_enabled()
    config.enable_traceback_filtering()
    assert config.is_traceback_filtering_enabled()
    config.disable_flash_attention()
    assert config.is_flash_attention_enabled() is False
    config.enable_flash_attention()
    assert config.is_flash_attention_enabled()
    x = np.ones((1, 2, 1, 4), "float32")
    assert tricera.ops.dot_product_attention(x, x, x).shape == x.shape  # no GPU: as before
    config._settings["flash_attention"] = None
    config.set_backend("jax")


MESSAGES = {
    "backend": (lambda: config.set_backend("torch"), """\
Unable to import backend: there is one only.
  expected: 'jax'
  got:      'torch'"""),
    "limit": (lambda: config.set_max_epochs(0), """\
`max_epochs` is no limit.
  expected: a positive integer, or None
  got:      0"""),
    "policy": (lambda: config.set_dtype_policy("mixed_float15"), """\
Cannot convert 'mixed_float15' to a mixed precision DTypePolicy.
  fix:      did you mean 'mixed_float16'?"""),
}  # fmt: skip


@pytest.mark.parametrize("name", MESSAGES)
def test_messages(name):
    call, text = MESSAGES[name]
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == text
