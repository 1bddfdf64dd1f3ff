import json

import pytest

from tests.laws.table import KERAS_ROWS, ROWS
from tricera import layers


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_configuration_makes_an_equal_layer(row):
    layer = row.make()
    config = layer.get_config()
    assert type(layer).from_config(config).get_config() == config
    plain = json.loads(json.dumps(layers.serialize(layer)))
    again = layers.deserialize(plain)
    assert type(again) is type(layer)
    assert json.loads(json.dumps(again.get_config())) == plain["config"]  # but for tuples and lists


@pytest.mark.parametrize("row", KERAS_ROWS, ids=str)
def test_a_configuration_is_the_one_of_keras(row, keras, fresh_names):
    ours, theirs = row.make(), row.make(keras.layers)
    assert ours.name == theirs.name
    if not row.name.startswith("SpatialDropout"):  # theirs forgets the policy's class
        assert ours.get_config() == theirs.get_config()
    assert layers.deserialize(keras.layers.serialize(theirs)).get_config() == ours.get_config()
    assert keras.layers.deserialize(layers.serialize(ours)).get_config() == theirs.get_config()
