"""Names that notes misspell: each error has the right one."""

import numpy as np
import pytest

import tricera
from tricera import layers, losses, optimizers


def compiled(**arguments):
    model = tricera.Sequential([layers.Input((2,)), layers.Dense(1)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **arguments})
    return model


X = np.ones((2, 2))
SLIPS = {
    "Droupout": (lambda: layers.Droupout(0.5), "Dropout"),
    "MaxPolling": (lambda: layers.MaxPolling((2, 2)), "MaxPooling2D"),
    "MaxPolling2D": (lambda: layers.MaxPolling2D((2, 2)), "MaxPooling2D"),
    "MaxPolling1D": (lambda: layers.MaxPolling1D(2), "MaxPooling1D"),
    "poll_size": (lambda: layers.MaxPooling2D(poll_size=(2, 2)), "pool_size"),
    "use_base": (lambda: layers.Dense(3, use_base=False), "use_bias"),
    "retrun_sequences": (lambda: layers.LSTM(3, retrun_sequences=True), "return_sequences"),
    "categorial_crossentropy": (lambda: compiled(loss="categorial_crossentropy"), "categorical_crossentropy"),
    "inary_crossentropy": (lambda: losses.get("inary_crossentropy"), "binary_crossentropy"),
    "RMSProp": (lambda: optimizers.RMSProp(), "RMSprop"),
    "MSProp": (lambda: optimizers.MSProp(), "RMSprop"),
    "msprop": (lambda: compiled(optimizer="msprop"), "rmsprop"),
    "train": (lambda: compiled().train(X), "fit"),
    "x_data": (lambda: compiled().fit(x_data=X, y_data=X), "x"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_the_right_name_is_in_the_error(slip):
    run, right = SLIPS[slip]
    with pytest.raises((AttributeError, TypeError, ValueError)) as error:
        run()
    assert slip in str(error.value) and f"did you mean '{right}'?" in str(error.value)


def test_tensors_are_no_data():
    with pytest.raises((TypeError, ValueError)) as error:
        compiled().fit(layers.Input((2,)), X[:, 0])
    assert "symbolic" in str(error.value)
