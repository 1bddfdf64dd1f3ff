"""Functions that other Keras stored as byte code: refused, or made for somebody who trusts the file."""

import base64
import marshal
import sys
import threading

import numpy as np
import pytest

from tricera import config, layers, models, saving
from tricera.errors import SafetyError
from tricera.saving import bytecode


def stored(function):
    code = base64.b64encode(marshal.dumps(function.__code__)).decode()
    closure = [cell.cell_contents for cell in function.__closure__ or ()] or None
    return {"code": code, "defaults": function.__defaults__ and list(function.__defaults__), "closure": closure}


def scaled(factor):
    return lambda x, shift=1.0: np.abs(x) * factor + sum(shift for _ in range(2))


def branching(x):
    total = 0
    for each in [1, 2, 3]:
        try:
            total += each if each % 2 else -each
        except ValueError:
            total = None
    while total and total > 0:
        total -= 1
    with np.errstate(all="ignore"):
        return {k: (lambda y: y + k)(x) for k in range(2)}[1]


def form(**config):
    return {"class_name": "Lambda", "config": {"name": "l", **config}}


FORM = form(function={"class_name": "__lambda__", "config": stored(scaled(3.0))})
KERAS_2 = form(
    function=list(stored(scaled(3.0)).values()),
    function_type="lambda",
    module="__main__",
    output_shape=None,
    output_shape_type="raw",
    output_shape_module=None,
    arguments={"shift": 2.0},
)


@pytest.mark.parametrize("safe_mode", [True, None])
@pytest.mark.parametrize("lambda_", [FORM, KERAS_2])
def test_every_door_refuses_code(lambda_, safe_mode):
    doors = [
        lambda: saving.deserialize_keras_object(lambda_, safe_mode=safe_mode),
        lambda: layers.deserialize(lambda_),
        lambda: layers.Lambda.from_config(lambda_["config"]),
        lambda: models.Sequential.from_config({"name": "s", "layers": [lambda_]}),
    ]
    for door in doors:
        with pytest.raises(SafetyError) as error:
            door()
        assert str(error.value) == (
            "A function is stored as Python code, which is not run.\n"
            "  fix:      build the model in Python and `load_weights` from the file; `safe_mode=False` runs the code, "
            "with all your rights."
        )


def test_trusted_code_runs():
    x = np.array([[-1.0, 2.0]], "float32")
    np.testing.assert_allclose(saving.deserialize_keras_object(FORM, safe_mode=False)(x), [[5.0, 8.0]])
    np.testing.assert_allclose(saving.deserialize_keras_object(KERAS_2, safe_mode=False)(x), [[7.0, 10.0]])


def test_a_file_of_keras_with_code(keras, tmp_path):
    path = tmp_path / "m.keras"
    keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x * 2 + 1, name="twice")]).save(path)
    np.testing.assert_allclose(saving.load_model(path, safe_mode=False)(np.ones((1, 2))), [[3.0, 3.0]])


def test_the_switch_is_the_callers_own():
    def relaxed():
        config.enable_unsafe_deserialization()
        assert layers.deserialize(FORM).name == "l"
        with pytest.raises(SafetyError):
            saving.deserialize_keras_object(FORM)  # safe_mode=True

    thread = threading.Thread(target=relaxed)
    thread.start()
    thread.join()
    assert not config.is_unsafe_deserialization_enabled()
    with pytest.raises(SafetyError):
        layers.deserialize(FORM)


def test_a_safe_call_cannot_be_relaxed_within():
    class Sly(layers.Layer):
        @classmethod
        def from_config(cls, _):
            config.enable_unsafe_deserialization()
            return saving.deserialize_keras_object(FORM, safe_mode=False)

    thread = threading.Thread(target=lambda: found.append(attempt()))
    found = []

    def attempt():
        try:
            saving.deserialize_keras_object({"class_name": "Sly", "config": {}}, {"Sly": Sly}, safe_mode=True)
        except SafetyError as error:
            return error
        return None

    thread.start()
    thread.join()
    assert isinstance(found[0], SafetyError)


def test_code_of_this_python_passes_the_check():
    form = {"class_name": "__lambda__", "config": stored(branching)}
    function = saving.deserialize_keras_object(form, safe_mode=False)
    assert function(2) == 3
    old = marshal.dumps(branching.__code__).decode("raw_unicode_escape")
    if old.isprintable():  # what Keras 1 wrote
        assert bytecode._code(old) == branching.__code__


def foreign(**changes):
    code = (lambda x: x * 2).__code__.replace(**changes)
    return base64.b64encode(marshal.dumps(code)).decode()


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("4wAAAA==", "marshal data too short"),
        (base64.b64encode(marshal.dumps(3)).decode(), "it is no function"),
        (foreign(co_code=b"\x97\x00" + b"\xff\x00" * 3), "it has an unknown instruction (0)"),
        (foreign(co_code=b"d\x00S\x00"), "it does not begin as a function does"),
        (foreign(co_code=b"\x97\x00d\x63S\x00"), "an operand is out of range (tuple index out of range)"),
        (foreign(co_code=b"\x97\x00\x01\x00S\x00"), "its stack is not in order"),
        (foreign(co_code=b"\x97\x00n\x63S\x00"), "it jumps out of the code"),
    ],
)
@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the byte code here is Python 3.11's")
def test_byte_code_of_another_python(code, why):
    form = {"class_name": "__lambda__", "config": {"code": code}}
    with pytest.raises(ValueError) as error:
        saving.deserialize_keras_object(form, safe_mode=False)
    assert str(error.value) == (
        f"A function is stored as byte code that is not Python 3.11's: {why}.\n"
        "  fix:      load the file with the Python that it was made with, or pass the function in `custom_objects`."
    )
