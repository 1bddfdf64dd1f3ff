"""Files made to do harm are refused before anything is read or run. They are made here, none is kept."""

import io
import json
import pickle
import zipfile

import h5py
import numpy as np
import pytest

from tricera import layers, models, saving
from tricera.errors import SafetyError


@pytest.fixture
def model():
    return models.Sequential([layers.Input((2,)), layers.Dense(3)])


@pytest.fixture
def canary(tmp_path):
    """A file with numbers that must not get into a model."""
    path = tmp_path / "canary.h5"
    with h5py.File(path, "w") as file:
        file["secret"] = np.full((2, 3), 42.0, "float32")
    return path


def external_link(group, canary):
    group["0"] = h5py.ExternalLink(str(canary), "/secret")


def soft_link(group, canary):
    group["0"] = h5py.SoftLink("/layers/dense/vars/1")


def virtual(group, canary):
    layout = h5py.VirtualLayout((2, 3), "float32")
    layout[:] = h5py.VirtualSource(str(canary), "secret", (2, 3))
    group.create_virtual_dataset("0", layout)


def external_storage(group, canary):
    group.create_dataset("0", (2, 3), "float32", external=[(str(canary), 0, 24)])


def bomb(group, canary):
    group.create_dataset("0", (1 << 20, 1 << 20), "float32", chunks=(1024, 1024), compression="gzip")


def many_small_bombs(group, canary):
    for i in range(100):
        group.create_dataset(f"0{i}", (1 << 10, 1 << 10), "float32", chunks=(1024, 1024))


def circle(group, canary):
    group["0"] = group.parent


HOSTILE = {
    external_link: "is a link to elsewhere (ExternalLink)",
    soft_link: "is a link to elsewhere (SoftLink)",
    virtual: "is a virtual dataset: its values stand elsewhere",
    external_storage: "has external storage: its values stand in another file",
    bomb: "makes the file declare far more than the",
    many_small_bombs: "makes the file declare far more than the",
    circle: "leads back to a group above it, or is nested too deeply",
}


def hostile(change, canary):
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        group = file.create_group("layers/dense/vars")
        change(group, canary)
        group["1"] = np.zeros(3, "float32")
    return memory.getvalue()


@pytest.mark.parametrize("change", HOSTILE)
def test_arrays_that_are_not_in_the_file(model, tmp_path, canary, change):
    data, path = hostile(change, canary), tmp_path / "w.weights.h5"
    path.write_bytes(data)
    model.save(tmp_path / "m.keras")
    rewrite(tmp_path / "m.keras", "model.weights.h5", data)
    before = model.get_weights()
    for load in (
        lambda: model.load_weights(path),
        lambda: model.load_weights(tmp_path / "m.keras"),
        lambda: saving.load_model(tmp_path / "m.keras"),
    ):
        with pytest.raises(SafetyError) as error:
            load()
        assert HOSTILE[change] in str(error.value) and "layers/dense/vars" in str(error.value)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


def rewrite(path, name, data, **kwargs):
    """Replace one member of a zip archive."""
    with zipfile.ZipFile(path) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    members[name] = data
    with zipfile.ZipFile(path, "w", **kwargs) as archive:
        for each, content in members.items():
            archive.writestr(each, content)


def with_config(model, path, change):
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
    change(config)
    rewrite(path, "config.json", json.dumps(config))


CODE = {"class_name": "__lambda__", "config": {"code": "4wAAAA==", "defaults": None, "closure": None}}


def test_code_in_a_lambda_layer(keras, tmp_path):
    path = tmp_path / "m.keras"
    keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x * 2, name="twice")]).save(path)
    for safe_mode in (True, None):
        with pytest.raises(SafetyError) as error:
            saving.load_model(path, safe_mode=safe_mode)
        assert str(error.value) == (
            f"{path}: the `function` of the Lambda layer 'twice' is stored as Python code, which is not run.\n"
            "  fix:      pass the function: `load_model(..., custom_objects={'twice': function})`, or build the model "
            "in Python and `load_weights` from the file; `safe_mode=False` runs the code, with all your rights."
        )


@pytest.mark.parametrize("place", ["activation", "nested", "loss"])
def test_code_elsewhere(model, tmp_path, place):
    def change(config):
        if place == "loss":
            config["compile_config"] = {"optimizer": "sgd", "loss": CODE}
        elif place == "activation":
            config["config"]["layers"][1]["config"]["activation"] = CODE
        else:
            config["config"]["layers"][1]["config"]["kernel_initializer"] = {
                "class_name": "Lambda",
                "module": "keras.layers",
                "config": {"name": "l", "function": CODE},
            }

    with_config(model, tmp_path / "m.keras", change)
    with pytest.raises(SafetyError, match="is stored as Python code, which is not run"):
        saving.load_model(tmp_path / "m.keras")


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("builtins", "eval"),
        ("keras.utils", "get_file"),
        ("keras.saving", "load_model"),
        ("keras.config", "enable_unsafe_deserialization"),
        ("keras.layers", "TorchModuleWrapper"),
        ("keras.layers", "TFSMLayer"),
    ],
)
def test_names_that_no_role_has(model, tmp_path, module, name):
    for form in (
        {"module": module, "class_name": name, "config": {}, "registered_name": name},
        {"module": module, "class_name": "function", "config": name, "registered_name": name},
    ):
        with_config(model, tmp_path / "m.keras", lambda c, f=form: c["config"]["layers"].append(f))
        with pytest.raises(TypeError, match=f"Could not locate the class or function {name!r}"):
            saving.load_model(tmp_path / "m.keras")


def test_pickles_are_not_read(model, tmp_path):
    path = tmp_path / "m.keras"
    path.write_bytes(pickle.dumps({"weights": [1]}))
    with pytest.raises(ValueError, match="File format not supported"):
        saving.load_model(path)
    with pytest.raises(ValueError, match="is not an HDF5 file"):
        model.load_weights(path)


def test_members_that_swell(model, tmp_path):
    path = tmp_path / "m.keras"
    model.save(path)
    rewrite(path, "config.json", b" " * (1 << 25), compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(
        SafetyError, match=r"'config.json' declares 33554432 bytes but stores \d+: the file is not read"
    ):
        saving.load_model(path)


def test_a_configuration_without_end(model, tmp_path):
    path = tmp_path / "m.keras"
    model.save(path)
    rewrite(path, "config.json", b'{"a":' + b"[" * 200_000)
    with pytest.raises(SafetyError, match=r"'config\.json' is nested too deeply"):
        saving.load_model(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("layers"), r"the configuration cannot be understood: KeyError\('layers'\)"),
        (lambda c: c.update(input_layers="a"), "The graph's inputs or outputs are not places of tensors"),
        (lambda c: c["output_layers"].__setitem__(1, 7), r"The graph has no tensor \['d', 7, 0\]"),
        (lambda c: c["layers"].append(c["layers"][1]), "The graph has two layers of the name 'd'"),
        (
            lambda c: c["layers"][1]["inbound_nodes"][0]["args"][0]["config"].update(keras_history=["d", 0, 0]),
            "The graph is not connected: nothing makes the inputs of 'd'",
        ),
    ],
)
def test_graphs_that_are_none(tmp_path, change, message):
    x = layers.Input((2,), name="x")
    graph = models.Model(x, layers.Dense(1, name="d")(x))
    with_config(graph, tmp_path / "m.keras", lambda c: change(c["config"]))
    with pytest.raises(ValueError, match=message):
        saving.load_model(tmp_path / "m.keras")


def test_two_members_of_one_name(model, tmp_path):
    path = tmp_path / "m.keras"
    model.save(path)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("config.json", "{}")
    with pytest.raises(SafetyError, match="two members of the same name"):
        saving.load_model(path)


def test_names_are_no_paths(tmp_path):
    model = models.Sequential([layers.Input((2,)), layers.Dense(3, name="..")], name="..\\up")
    folder = tmp_path / "in"
    folder.mkdir()
    model.save(folder / "m.keras")
    assert saving.load_model(folder / "m.keras").layers[0].name == ".."
    assert [each.name for each in tmp_path.rglob("*")] == ["in", "m.keras"]
