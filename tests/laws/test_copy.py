import copy
import pickle

import numpy as np
import pytest

from tests.laws.table import ROWS, leaves


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["copy", "pickle"])
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_copy_computes_the_same_with_weights_of_its_own(row, duplicate):
    layer, arguments, outputs = row.built
    twin = duplicate(layer)
    for one, other in zip(leaves(twin(*arguments)), leaves(outputs), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not {id(variable) for variable in twin.variables} & {id(variable) for variable in layer.variables}
    before = layer.get_weights()
    twin.set_weights([weight + 1 for weight in before])
    for one, other in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)
