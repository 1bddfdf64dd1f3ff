"""Optimizers around optimizers: loss scaling, and several optimizers for one model."""

import jax
import numpy as np
import pytest

from tests.optimizers.test_steps import GRADIENTS, variables
from tricera import optimizers
from tricera.engine.variable import Variable

SCALED = [8, 8, np.inf, 8, np.nan, 8, 8, 8]


def scaled(module, cell):
    p = cell(np.ones(1, "float32"), name="p")
    optimizer = module.LossScaleOptimizer(module.SGD(0.1, momentum=0.5, name="in"), 8.0, 2, name="out")
    optimizer.build([p])
    return p, optimizer


def rows(values):
    return [np.asarray(v).ravel().tolist() for v in values]


def test_loss_scale_adapts_as_in_keras(keras):
    seen = []
    for module, cell in ((optimizers, Variable), (keras.optimizers, keras.Variable)):
        p, optimizer = scaled(module, cell)
        values, own = [p.value], [v.value for v in optimizer.variables]
        step = jax.jit(optimizer.stateless_apply)
        seen.append([[v.path for v in optimizer.variables], float(optimizer.scale_loss(2.0)), optimizer.get_config()])
        for g in SCALED:
            values, own = step(own, [np.array([g], "float32")], values)
            seen[-1].append(rows([*values, *own]))
    assert seen[0] == seen[1]


def test_loss_scale_is_the_same_step_by_step():
    p, optimizer = scaled(optimizers, Variable)
    for g in SCALED:
        optimizer.apply([np.array([g], "float32")], [p])
    np.testing.assert_allclose(p.numpy(), [-0.328125], rtol=1e-5)
    assert optimizer.iterations.numpy() == 6
    optimizer.learning_rate = 0.75
    assert optimizer.inner_optimizer.learning_rate.numpy() == 0.75
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert again.get_config() == optimizer.get_config()


def several(module):
    choice = module.OptimizerMap(module.Adam(name="rest"), {"ker.*": module.SGD(0.1, momentum=0.5, name="kernels")})
    return module.MultiOptimizer(choice, loss_scale_factor=2.0, name="several")


def test_each_variable_has_its_optimizer(keras):
    seen = []
    for module, cell in ((optimizers, Variable), (keras.optimizers, keras.Variable)):
        cells, optimizer = variables(cell), several(module)
        optimizer.build(cells)
        for grads in GRADIENTS[:3]:
            optimizer.apply(grads, cells)
        seen.append([(v.path, np.asarray(v.value)) for v in [*cells, *optimizer.variables]])
        seen.append(optimizer.get_config())
    for (path, mine), (name, real) in zip(seen[0], seen[2], strict=True):
        assert path == name
        np.testing.assert_allclose(mine, real, rtol=2e-6, atol=2e-6)
    assert seen[1] == seen[3]
    assert optimizers.MultiOptimizer.from_config(seen[1]).get_config() == seen[1]


def test_several_optimizers_in_one_program():
    cells, optimizer = variables(Variable), several(optimizers)
    optimizer.build(cells)
    values, own = jax.jit(optimizer.stateless_apply)(
        [v.value for v in optimizer.variables], GRADIENTS[0], [v.value for v in cells]
    )
    optimizer.apply(GRADIENTS[0], cells)
    for mine, cell in zip([*values, *own], [*cells, *optimizer.variables], strict=True):
        np.testing.assert_allclose(mine, cell.numpy(), rtol=1e-5, atol=1e-6)


def test_a_function_may_choose_the_optimizers(keras):
    seen = []
    for module, cell in ((optimizers, Variable), (keras.optimizers, keras.Variable)):
        adam, sgd = module.Adam(0.1, loss_scale_factor=3.0), module.SGD(0.1, use_ema=True, ema_momentum=0.5)
        kernel, bias = cells = variables(cell)
        optimizer = module.MultiOptimizer(lambda v, adam=adam, sgd=sgd: adam if "bias" in v.path else sgd)
        assert optimizer.optimizers == []
        optimizer.build(cells)
        assert optimizer.optimizers == [sgd, adam] and adam.loss_scale_factor is None
        optimizer.apply(GRADIENTS[0], cells)
        seen.append([np.asarray(v.value) for v in [kernel, bias, *optimizer.variables]])
        optimizer.apply(GRADIENTS[1], cells)
        optimizer.finalize_variable_values(cells)
        seen[-1] += [np.asarray(v.value) for v in cells]
    for mine, real in zip(*seen, strict=True):
        np.testing.assert_allclose(mine, real, rtol=2e-6, atol=2e-6)


def test_several_optimizers_keep_their_averages():
    choice = optimizers.OptimizerMap(optimizers.SGD(), {"ker.*": optimizers.SGD(0.1, use_ema=True)})
    cells, optimizer = variables(Variable), optimizers.MultiOptimizer(choice)
    assert optimizer.use_ema and optimizer.averages == []
    optimizer.apply(GRADIENTS[0], cells)
    ((variable, average),) = optimizer.averages
    assert variable is cells[0] and average.shape == cells[0].shape


def test_one_factor_scales_the_loss_of_several_optimizers(keras):
    seen = []
    for module, cell in ((optimizers, Variable), (keras.optimizers, keras.Variable)):
        cells, inner = variables(cell), several(module)
        parts = inner.optimizers
        assert [part.loss_scale_factor for part in parts] == [2.0, 2.0]
        optimizer = module.LossScaleOptimizer(inner, 8.0)
        assert [each.loss_scale_factor for each in (inner, *parts)] == [None] * 3
        assert inner.get_config()["loss_scale_factor"] is None
        optimizer.build(cells)
        arrays = [v.value for v in optimizer.variables], GRADIENTS[0], [v.value for v in cells]
        values, own = optimizer.stateless_apply(*arrays)
        seen.append([float(optimizer.scale_loss(2.0)), *map(np.asarray, [*values, *own])])
    for mine, real in zip(*seen, strict=True):
        np.testing.assert_allclose(mine, real, rtol=2e-6, atol=2e-6)


def test_a_path_comes_before_expressions():
    rest, one, other = (optimizers.SGD() for _ in range(3))
    choice = optimizers.OptimizerMap(rest, {"a/.*": one, "a/bias": other})
    assert (choice["a/kernel"], choice["a/bias"]) == (one, other)
    assert choice(Variable(np.ones(2), name="b")) is rest


def test_a_map_is_a_dictionary_with_a_default():
    rest, one = optimizers.SGD(), optimizers.SGD()
    choice = optimizers.OptimizerMap(rest, {"a/.*": one})
    assert (choice["a/kernel"], choice["b"], choice.get("c")) == (one, rest, rest)
    assert (list(choice), len(choice), list(choice.items())) == (["a/.*"], 1, [("a/.*", one)])
    del choice["a/.*"]
    assert choice["a/kernel"] is rest


def table():
    return optimizers.OptimizerMap(optimizers.SGD(), {"a.*": optimizers.SGD(), ".*a": optimizers.SGD()})


ERRORS = [
    (
        lambda: optimizers.LossScaleOptimizer(optimizers.SGD(), clipnorm=1),
        "LossScaleOptimizer does not support `clipnorm`.\n  fix:      set `clipnorm` on the `inner_optimizer`.",
    ),
    (
        lambda: optimizers.LossScaleOptimizer(optimizers.SGD(), dynamic=False),
        (
            "LossScaleOptimizer always adapts its scale: `dynamic=False` is not supported.\n"
            "  fix:      set `loss_scale_factor` on the optimizer itself."
        ),
    ),
    (
        lambda: optimizers.OptimizerMap("sgd"),
        "default_optimizer must be a Keras Optimizer instance.\n  got:      'sgd'",
    ),
    (lambda: table().__setitem__("b", 3), "optimizer must be a Keras Optimizer instance.\n  got:      3"),
    (
        lambda: table().__setitem__(3, optimizers.SGD()),
        "key must be a string.\n  expected: a regular expression\n  got:      3",
    ),
    (
        lambda: table().__setitem__("a.*", optimizers.SGD()),
        "'a.*' already exists in the OptimizerMap.\n  fix:      delete the key before setting it anew.",
    ),
    (lambda: optimizers.OptimizerMap(optimizers.SGD(), [1]), "optimizer_map must be a dictionary.\n  got:      [1]"),
    (
        lambda: table()["aa"],
        "Multiple optimizers assigned to variable aa.\n  fix:      make the keys exclusive.",
    ),
    (
        lambda: optimizers.MultiOptimizer("sgd"),
        "MultiOptimizer: Received an invalid value for `optimizer_map`.\n  expected: a function\n  got:      'sgd'",
    ),
    (
        lambda: optimizers.MultiOptimizer(lambda variable: "sgd").build(variables(Variable)),
        "The optimizer of kernel must be a Keras Optimizer instance.\n  got:      'sgd'",
    ),
    (
        lambda: several(optimizers).learning_rate,
        (
            "Learning rate cannot be accessed on a MultiOptimizer.\n"
            "  fix:      use the learning rates of the inner optimizers."
        ),
    ),
    (
        lambda: setattr(several(optimizers), "learning_rate", 0.1),
        (
            "Learning rate cannot be set on a MultiOptimizer.\n"
            "  fix:      use the learning rates of the inner optimizers."
        ),
    ),
]


@pytest.mark.parametrize(("make", "text"), ERRORS)
def test_errors(make, text):
    with pytest.raises((ValueError, TypeError, AttributeError)) as raised:
        make()
    assert str(raised.value) == text
