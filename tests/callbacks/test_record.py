import jax.numpy as jnp
import numpy as np
import pytest

from tricera.callbacks import CallbackList, CSVLogger, History

EPOCHS = {
    "plain": [{"loss": 1.0, "accuracy": 0.5}, {"loss": 0.25, "accuracy": 0.75}],
    "validated": [{"val_loss": 2.0, "loss": 1.0}, {"val_loss": 1.5, "loss": 0.25, "later": 3.0}],
    "seldom": [{"loss": 1.0}, {"loss": 0.25, "val_loss": 0.5}],
    "arrays": [{"loss": 1.0, "each": np.arange(2), "text": "a,b"}],
}


def test_history_holds_floats(model, fit):
    history = History()
    callbacks = CallbackList([history])
    logs = [{"loss": jnp.float32(2), "val_accuracy": 1}, {"loss": jnp.float32(1), "val_accuracy": 0.5}]
    fit(callbacks, model, logs)
    assert history.history == {"loss": [2.0, 1.0], "val_accuracy": [1.0, 0.5]} and history.epoch == [0, 1]
    assert {type(value) for values in history.history.values() for value in values} == {float}
    assert history.history["val_acc"] == [1.0, 0.5] and sorted(history.history) == ["loss", "val_accuracy"]
    assert model.history is history


@pytest.mark.parametrize("name", EPOCHS)
@pytest.mark.parametrize("separator, append", [(",", False), (";", True)])
def test_csv_files_are_those_of_keras(keras, model, fit, tmp_path, name, separator, append):
    for kind, path in ((CSVLogger, tmp_path / "ours.csv"), (keras.callbacks.CSVLogger, tmp_path / "theirs.csv")):
        callback = kind(path, separator=separator, append=append)
        for _ in range(2):
            fit(callback, model, EPOCHS[name])
    assert (tmp_path / "ours.csv").read_bytes() == (tmp_path / "theirs.csv").read_bytes()


def test_csv_logger_makes_its_folder(model, fit, tmp_path):
    fit(CSVLogger(tmp_path / "new" / "log.csv"), model, EPOCHS["seldom"])
    assert (tmp_path / "new" / "log.csv").read_text().split() == ["epoch,loss,val_loss", "0,1.0,NA", "1,0.25,0.5"]
