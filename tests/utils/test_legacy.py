"""The plain form of Keras 2: by names among given classes."""

import pytest

import tricera
from tricera.utils import legacy


class Number:
    def __init__(self, value=0):
        self.value = value

    def get_config(self):
        return {"value": self.value}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def test_there_and_back():
    form = legacy.serialize_keras_object(Number(3))
    assert form == {"class_name": "Number", "config": {"value": 3}}
    assert legacy.deserialize_keras_object(form, {"Number": Number}).value == 3
    assert legacy.deserialize_keras_object("Number", custom_objects={"Number": Number}).value == 0
    assert legacy.deserialize_keras_object("max", {"max": max}) is max and legacy.serialize_keras_object(max) == "max"
    assert legacy.deserialize_keras_object(None) is None is legacy.serialize_keras_object(None)
    assert tricera.legacy.saving.serialize_keras_object is legacy.serialize_keras_object


MISTAKES = {
    "Unknown number: 'Nmber'.\n  fix:      did you mean 'Number'?": lambda: legacy.deserialize_keras_object(
        "Nmber", {"Number": Number}, printable_module_name="number"
    ),
    'Improper config format.\n  expected: {"class_name": ..., "config": ...}\n  got:      {\'a\': 1}': lambda: (
        legacy.deserialize_keras_object({"a": 1})
    ),
    "Cannot serialize 3.\n  expected: a function, or an object with get_config()": lambda: (
        legacy.serialize_keras_object(3)
    ),
}


@pytest.mark.parametrize("message", MISTAKES)
def test_mistakes_are_told(message):
    with pytest.raises(ValueError) as error:
        MISTAKES[message]()
    assert str(error.value) == message
