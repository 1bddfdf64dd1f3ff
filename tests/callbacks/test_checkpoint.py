import pathlib

import pytest

from tricera.callbacks import CallbackList, ModelCheckpoint

LOGS = [{"loss": 1.0, "accuracy": 0.5}, {"loss": 2.0, "accuracy": 0.5}, {"loss": 0.5, "accuracy": 0.75}]


def test_each_epoch_is_saved_under_its_name(model, fit, tmp_path):
    path = tmp_path / "new" / "{epoch:02d}-{acc:.2f}.keras"
    fit(CallbackList([ModelCheckpoint(path)]), model, LOGS)
    names = ["01-0.50.keras", "02-0.50.keras", "03-0.75.keras"]
    assert model.saved == [(str(tmp_path / "new" / name), True) for name in names]
    assert (tmp_path / "new").is_dir()


def test_only_the_best_weights_are_saved(model, fit, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model.save = None
    callback = ModelCheckpoint("w.weights.h5", "loss", verbose=1, save_best_only=True, save_weights_only=True)
    fit(callback, model, LOGS)
    assert model.saved == [("w.weights.h5", True)] * 2
    assert capsys.readouterr().out == (
        "Epoch 1: loss improved from None to 1.00000, saving model to w.weights.h5\n"
        "Epoch 2: loss did not improve from 1.00000\n"
        "Epoch 3: loss improved from 1.00000 to 0.50000, saving model to w.weights.h5\n"
    )


def test_the_first_saved_model_beats_the_threshold(model, fit):
    fit(ModelCheckpoint("x", "loss", save_best_only=True, initial_value_threshold=0.75), model, LOGS)
    assert model.saved == [("x", True)]


@pytest.mark.parametrize("save_freq, chunk", [(3, 1), (4, 2), (5, 4), (2, 5)])
def test_batches_are_counted_as_in_keras(keras, model, save_freq, chunk):
    """Over the ends of epochs, and where one call stands for many batches."""
    theirs = type(model)()
    ours = ModelCheckpoint("{epoch}-{batch}.keras", save_freq=save_freq)
    oracle = keras.callbacks.ModelCheckpoint("{epoch}-{batch}.keras", save_freq=save_freq)
    for callback, each in ((ours, model), (oracle, theirs)):
        callback.set_model(each)
        for epoch in range(3):
            callback.on_epoch_begin(epoch)
            for batch in range(chunk - 1, 10, chunk):
                callback.on_train_batch_end(batch, {"loss": 1.0})
    assert model.saved == theirs.saved and model.saved


def test_messages(model, fit, tmp_path):
    with pytest.raises(ValueError) as error:
        ModelCheckpoint("x.keras", save_freq="epochs")
    assert str(error.value) == (
        "Unrecognized save_freq: 'epochs'.\n  expected: \"epoch\", or a positive number of batches"
    )
    with pytest.raises(KeyError) as error:
        fit(ModelCheckpoint("{epoch}-{val_acuracy}.keras"), model, [{"loss": 1.0, "val_accuracy": 1.0}])
    assert error.value.args == (
        (
            "Failed to format this callback filepath: \"{epoch}-{val_acuracy}.keras\". Reason: 'val_acuracy'; "
            "did you mean 'val_accuracy'?"
        ),
    )
    with pytest.raises(IsADirectoryError) as error:
        fit(ModelCheckpoint(pathlib.Path(tmp_path)), model, LOGS)
    assert str(error.value) == (
        "Please specify a non-directory filepath for ModelCheckpoint.\n"
        f"  got:      the folder {str(tmp_path)!r}\n"
        '  fix:      name a file in it, as `"{epoch:02d}.keras"`.'
    )
    with pytest.warns(UserWarning) as caught:
        fit(ModelCheckpoint("x", "val_los", save_best_only=True), model, [{"loss": 1.0, "val_loss": 1.0}] * 2)
    assert [str(each.message) for each in caught] == [
        (
            "Can save best model only with val_los available. Available metrics are: loss,val_loss.\n"
            "  fix:      did you mean 'val_loss'?"
        )
    ]
    assert model.saved == [("x", True)] * 2
