"""Methods that only subclasses have say so in the one form."""

import pytest

from tricera import initializers, regularizers
from tricera.engine.variable import Operators
from tricera.errors import abstract
from tricera.layers.attention import _Attention
from tricera.layers.augment.colour import _Colour
from tricera.layers.merge import _Merge
from tricera.layers.noise import _Noise

HOOKS = {
    "recolour": lambda: _Colour.recolour(object.__new__(_Colour), None, None),
    "perturb": lambda: _Noise.perturb(object.__new__(_Noise), None),
    "merge": lambda: _Merge().merge([]),
    "scores": lambda: _Attention.scores(object.__new__(_Attention), None, None),
    "_operate": lambda: Operators() + 1,
}


@pytest.mark.parametrize("method", HOOKS)
def test_a_hook_says_what_to_write(method):
    with pytest.raises(NotImplementedError) as error:
        HOOKS[method]()
    owner = str(error.value).split()[0]
    assert str(error.value) == (f"{owner} does not define `{method}`.\n  fix:      write `def {method}` in {owner}.")
    assert str(abstract(3, "f")) == "int does not define `f`.\n  fix:      write `def f` in int."


@pytest.mark.parametrize("base", [initializers.Initializer, regularizers.Regularizer], ids=lambda base: base.__name__)
def test_a_base_class_says_what_a_subclass_must_do(base):
    with pytest.raises(NotImplementedError) as error:
        base()(1)
    assert str(error.value) == f"{base.__name__} subclasses must implement the `__call__()` method."
