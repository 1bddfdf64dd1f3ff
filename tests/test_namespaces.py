"""A misspelt name of the package is answered with the nearest right one."""

import pytest

import tricera

TYPOS = {
    "layers": ("Droupout", "Dropout"),
    "losses": ("MeanSquareError", "MeanSquaredError"),
    "metrics": ("Acuracy", "Accuracy"),
    "optimizers": ("Adamm", "Adam"),
    "callbacks": ("EarlyStoping", "EarlyStopping"),
    "activations": ("rellu", "relu"),
    "initializers": ("GlorotUnifrom", "GlorotUniform"),
    "regularizers": ("l22", "l2"),
    "constraints": ("MaxNrom", "MaxNorm"),
    "datasets": ("minst", "mnist"),
    "models": ("Sequental", "Sequential"),
    "utils": ("to_categoric", "to_categorical"),
    "ops": ("matmull", "matmul"),
}


@pytest.mark.parametrize("module, typo, right", [(module, *names) for module, names in TYPOS.items()])
def test_the_nearest_name_is_said(module, typo, right):
    with pytest.raises(AttributeError) as error:
        getattr(getattr(tricera, module), typo)
    assert str(error.value).lower() == (
        f"module 'tricera.{module}' has no attribute '{typo}'.\n  fix:      did you mean '{right}'?".lower()
    )


def test_the_package_itself():
    with pytest.raises(AttributeError) as error:
        _ = tricera.layer
    assert str(error.value).startswith("module 'tricera' has no attribute 'layer'.\n  fix:      did you mean 'Layer'?")
    assert not hasattr(tricera, "__nothing__")
