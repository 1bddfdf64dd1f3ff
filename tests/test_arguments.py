"""Constructors refuse what makes no sense before any work: a text for a number, a number out of its range."""

import inspect
import re

import jax
import numpy as np
import pytest

import tricera
from tricera import arguments, callbacks, layers, losses, metrics, optimizers

NAMESPACES = (
    tricera.layers,
    tricera.losses,
    tricera.metrics,
    tricera.optimizers,
    tricera.optimizers.schedules,
    tricera.initializers,
    tricera.regularizers,
    tricera.constraints,
    tricera.callbacks,
)
CLASSES = sorted(
    {thing for space in NAMESPACES for thing in vars(space).values() if inspect.isclass(thing)},
    key=lambda cls: (cls.__module__, cls.__qualname__),
)
CHECKED = [
    (cls, name)
    for cls in CLASSES
    for name in arguments._kinds(cls.__init__)
    if isinstance(cls, type(tricera.losses.Loss))  # whose constructors are remembered
]


@pytest.mark.parametrize(("cls", "name"), CHECKED, ids=lambda x: getattr(x, "__name__", x))
def test_a_thing_of_another_kind_is_refused(cls, name):
    with pytest.raises(ValueError, match=f"{cls.__name__}: Received an invalid value for `{name}`.\n  expected: "):
        arguments.check(cls, {name: {"no": "value"}})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: optimizers.Adam(beta_1="0.5"), "Adam beta_1: a number between 0 and 1: '0.5'"),
        (
            lambda: losses.Huber(delta=np.array(["1"])),
            "Huber delta: a number that is not negative: array(['1'], dtype='<U1')",
        ),
        (lambda: layers.Dense(3, use_bias=np.ones(2)), "Dense use_bias: True or False: array([1., 1.])"),
        (lambda: optimizers.Adam(beta_1=1.5), "Adam beta_1: a number between 0 and 1: 1.5"),
        (lambda: metrics.Precision(top_k=2.5), "Precision top_k: a positive whole number, or None: 2.5"),
        (lambda: layers.Dense(3, "relu", "ones"), "Dense use_bias: True or False: 'ones'"),
        (lambda: losses.Huber(delta=np.nan), "Huber delta: a number that is not negative: nan"),
        (
            lambda: callbacks.EarlyStopping(patience=-1),
            "EarlyStopping patience: a whole number that is not negative: -1",
        ),
        (
            lambda: optimizers.LossScaleOptimizer("sgd"),
            "LossScaleOptimizer inner_optimizer: an instance of Optimizer: 'sgd'",
        ),
    ],
)
def test_the_message(make, message):
    with pytest.raises(ValueError) as error:
        make()
    cls, name, expected, got = re.match(r"(\w+) (\w+): (.*): (.*)", message).groups()
    assert (
        str(error.value) == f"{cls}: Received an invalid value for `{name}`.\n  expected: {expected}\n  got:      {got}"
    )


def test_numbers_of_any_kind_are_numbers():
    for beta in (0, True, np.float32(0.5), np.asarray(0.5), jax.numpy.asarray(0.5), tricera.Variable(0.5)):
        tricera.optimizers.Adam(beta_1=beta)
    jax.jit(lambda beta: tricera.optimizers.Adam(beta_1=beta).beta_1)(0.5)
    assert tricera.callbacks.EarlyStopping(patience=float("inf")).patience == np.inf
    assert tricera.losses.CategoricalFocalCrossentropy(alpha=[0.2, 0.8]).get_config()["alpha"] == [0.2, 0.8]


def test_constructors_of_users_decide_for_themselves():
    class Mine(tricera.optimizers.SGD):
        def __init__(self, beta_1: float = 0.9):
            super().__init__()
            self.beta_1 = beta_1

    assert Mine(beta_1="any").beta_1 == "any"
