"""What all optimizers share: variables, learning rate, configuration, pure steps, subclasses, errors."""

import copy
import inspect
import pickle
import warnings

import jax
import numpy as np
import pytest

from tests.optimizers.test_steps import GRADIENTS, START, TABLE, fresh, label, run, variables
from tricera import ops, optimizers
from tricera.engine.variable import Variable
from tricera.optimizers import schedules
from tricera.optimizers.optimizer import hyperparameters

NAMES = sorted({name for name, _ in TABLE})


@pytest.mark.parametrize("row", [r for r in TABLE if r[0] != "Muon"], ids=label)
def test_pure_steps_in_one_program_are_the_stateful_steps(row):
    stateful = run(fresh(*row), variables(Variable))
    optimizer, trained = fresh(*row), variables(Variable)
    optimizer.build(trained)

    step = jax.jit(optimizer.stateless_apply)
    values, own = [v.value for v in trained], [v.value for v in optimizer.variables]
    for grads in GRADIENTS:
        values, own = step(own, grads, values)
    for v, value in zip([*trained, *optimizer.variables], [*values, *own], strict=True):
        v.assign(value)
    optimizer.finalize_variable_values(trained)
    values = [v.value for v in [*trained, *optimizer.variables]]
    for mine, (_, other) in zip(values, stateful, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [*NAMES, "LossScaleOptimizer", "MultiOptimizer", "OptimizerMap", "Optimizer"])
def test_signatures_are_those_of_keras(keras, name):
    mine, real = (inspect.signature(getattr(m, name).__init__) for m in (optimizers, keras.optimizers))
    assert [(p.name, p.default, p.kind) for p in mine.parameters.values()] == [
        (p.name, p.default, p.kind) for p in real.parameters.values()
    ]


@pytest.mark.parametrize("name", NAMES)
def test_configurations_are_those_of_keras(keras, name):
    mine, real = (getattr(m, name)(0.25, name="same") for m in (optimizers, keras.optimizers))
    assert mine.get_config() == real.get_config()
    assert optimizers.serialize(mine) == keras.optimizers.serialize(real)
    again = optimizers.deserialize(keras.optimizers.serialize(real))
    assert type(again) is type(mine)
    assert again.get_config() == mine.get_config()


def test_names(keras):
    for name in ("adam", "Adam", "ADAM", "rmsprop", "RMSprop", "sgd", "adamw", "scheduleFreeAdamW"):
        assert type(optimizers.get(name)).__name__ == type(keras.optimizers.get(name)).__name__
    assert optimizers.get(None) is None
    adam = optimizers.Adam()
    assert optimizers.get(adam) is adam
    assert float(optimizers.get({"class_name": "Adam", "config": {"learning_rate": 0.5}}).learning_rate) == 0.5


def test_variables_stand_for_their_values():
    optimizer, trained = fresh("Adam", {}), variables(Variable)
    optimizer.build(trained)
    found = optimizer.stateless_apply(optimizer.variables, GRADIENTS[0], trained)
    optimizer.apply(GRADIENTS[0], trained)
    for values, cells in zip(found, (trained, optimizer.variables), strict=True):
        for value, cell in zip(values, cells, strict=True):
            np.testing.assert_allclose(value, cell.numpy(), rtol=1e-6, atol=1e-7)


def test_the_learning_rate_can_be_set():
    optimizer = optimizers.SGD(0.5)
    p = Variable(np.zeros(2, "float32"))
    optimizer.apply([np.ones(2)], [p])
    optimizer.learning_rate = 0.25
    optimizer.apply([np.ones(2)], [p])
    optimizer.learning_rate.assign(1.0)
    optimizer.apply([np.ones(2)], [p])
    assert p.numpy().tolist() == [-1.75, -1.75]
    assert optimizer.get_config()["learning_rate"] == 1.0
    optimizer.learning_rate = schedules.ExponentialDecay(8.0, 1, 0.5)
    optimizer.apply([np.ones(2)], [p])
    assert p.numpy().tolist() == [-2.75, -2.75]
    assert [v.name for v in optimizer.variables] == ["iteration"]
    rates = iter([4.0, 2.0])
    optimizer.learning_rate = lambda: next(rates)
    optimizer.apply([np.ones(2)], [p])
    optimizer.apply([np.ones(2)], [p])
    assert p.numpy().tolist() == [-8.75, -8.75]


def test_a_changed_hyperparameter_holds_from_the_next_step():
    optimizer = optimizers.SGD(1.0, momentum=0.5)
    p = Variable(np.zeros(2, "float32"))
    optimizer.apply([np.ones(2)], [p])
    optimizer.momentum = 1.0
    optimizer.apply([np.zeros(2)], [p])
    assert p.numpy().tolist() == [-2, -2]


def test_weights_are_kept_by_number():
    made = dict(run(fresh("Adam", {}), variables(Variable)))
    trained = variables(Variable)
    optimizer, other = fresh("Adam", {}), fresh("Adam", {})
    run(optimizer, trained)
    store = {}
    optimizer.save_own_variables(store)
    assert list(store) == ["0", "1", "2", "3", "4", "5"]
    other.build(trained)
    other.load_own_variables(store)
    for variable in other.variables:
        np.testing.assert_array_equal(variable.numpy(), made[variable.path])
    other.set_weights([np.zeros(v.shape) for v in other.variables])
    assert other.iterations.numpy() == 0
    with pytest.warns(UserWarning) as caught:
        other.load_own_variables({})
    assert str(caught[0].message) == (
        "Skipping variable loading for optimizer 'same'.\n  expected: 6 variables\n  got:      0 variables"
    )


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["copy", "pickle"])
def test_a_copy_goes_on_by_itself(duplicate):
    optimizer, trained = fresh("Adam", {"weight_decay": 0.5}), variables(Variable)
    optimizer.exclude_from_weight_decay([trained[0]], ["bia"])
    optimizer.apply(GRADIENTS[0], trained)
    twin, others = duplicate((optimizer, trained))
    for one, cells in ((twin, others), (optimizer, trained)):
        one.apply(GRADIENTS[1], cells)
    for mine, real in zip([*others, *twin.variables], [*trained, *optimizer.variables], strict=True):
        np.testing.assert_array_equal(mine.numpy(), real.numpy())
    assert twin.iterations.numpy() == 2


def decayed(module, cell, **exclusion):
    cells = [cell(np.ones(2, "float32"), name=name) for name in ("kernel", "bias", "deep_kernel")]
    optimizer = module.SGD(1.0, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(**{k: [cells[0]] if v is None else v for k, v in exclusion.items()})
    optimizer.apply([np.zeros(2, "float32")] * 3, cells)
    return [float(np.asarray(c.value)[0]) for c in cells]


@pytest.mark.parametrize("exclusion", [{"var_list": None}, {"var_names": ["kernel$"]}, {"var_names": ["^kernel"]}])
def test_weight_decay_excludes_as_keras_does(keras, exclusion):
    assert decayed(optimizers, Variable, **exclusion) == decayed(keras.optimizers, keras.Variable, **exclusion)


def test_constraints_hold_after_the_step():
    p = Variable(np.zeros(2, "float32"))
    p.constraint = lambda w: w.clip(-0.5, 0.5)
    optimizers.SGD(1.0).apply([np.array([2.0, 0.25])], [p])
    assert p.numpy().tolist() == [-0.5, -0.25]


def test_a_variable_may_take_its_gradient_as_value(keras):
    seen = []
    for module, cell in ((optimizers, Variable), (keras.optimizers, keras.Variable)):
        cells = variables(cell)
        cells[1].overwrite_with_gradient = True
        optimizer = module.Adam(gradient_accumulation_steps=2, use_ema=True, name="same")
        seen.append(run(optimizer, cells))
    for (path, mine), (name, real) in zip(*seen, strict=True):
        assert path == name
        np.testing.assert_allclose(mine, real, rtol=2e-6, atol=2e-6)


def test_an_optimizer_of_ones_own():
    class Heavy(optimizers.Optimizer):
        def __init__(self, learning_rate=0.5, pull=0.5, name="heavy", **kwargs):
            super().__init__(learning_rate=learning_rate, name=name, **kwargs)
            self.pull = pull

        def build(self, variables):
            if self.built:
                return
            super().build(variables)
            self.momentums = self.add_optimizer_variables(variables, "m")
            self.count = self.add_variable(shape=(), name="count")

        def update_step(self, gradient, variable, learning_rate):
            m = self.momentums[self._get_variable_index(variable)]
            self.assign(m, ops.subtract(self.pull * m, learning_rate * gradient))
            self.assign_add(variable, m)
            self.assign_sub(self.count, -1.0)

    p = Variable(np.zeros(2, "float32"), name="p")
    optimizer = Heavy(clipvalue=1.0)
    optimizer.apply_gradients([(np.ones(2) * 3, p)])
    optimizer.apply_gradients([(np.zeros(2), p)])
    assert p.numpy().tolist() == [-0.75, -0.75]
    assert [v.path for v in optimizer.variables] == [
        "heavy/iteration",
        "heavy/learning_rate",
        "heavy/p_m",
        "heavy/count",
    ]
    assert Heavy.from_config(optimizer.get_config()).get_config() == optimizer.get_config()
    with pytest.raises(NotImplementedError) as raised:
        optimizers.Optimizer(0.1).apply([np.ones(2)], [p])
    assert str(raised.value) == "Optimizer must override `update` or `update_step`."


def test_a_constructor_whose_arguments_become_attributes():
    class Pulled(optimizers.Optimizer):
        @hyperparameters
        def __init__(self, learning_rate=0.5, pull=0.25):
            if pull < 0:
                raise ValueError("a push")

        def update(self, p, g, *, rate, step):
            return (p - rate * (g + self.pull * p),)

    own, base = (list(inspect.signature(f).parameters) for f in (Pulled, optimizers.Optimizer))
    assert own == ["learning_rate", "pull", *base[1:]]
    optimizer, p = Pulled(1.0, clipvalue=1.0, name="pulled"), Variable(np.ones(2, "float32"))
    optimizer.apply([np.ones(2) * 3], [p])
    assert p.numpy().tolist() == [-0.25, -0.25]
    config = optimizer.get_config()
    assert (config["pull"], config["clipvalue"], config["learning_rate"]) == (0.25, 1.0, 1.0)
    assert Pulled.from_config(config).get_config() == config
    for wrong in ({"pull": -1}, {"pulll": 1}):
        with pytest.raises(ValueError):
            Pulled(**wrong)


def test_constructors_are_called_along_the_classes():
    class Halving(optimizers.Optimizer):
        def __init__(self, learning_rate=1.0, **kwargs):
            super().__init__(learning_rate / 2, **kwargs)

    class HalvingAdam(optimizers.AdamW, Halving):
        pass

    optimizer = HalvingAdam(0.5, beta_1=0.25, clipnorm=1.0)
    assert float(optimizer.learning_rate) == 0.25
    assert (optimizer.beta_1, optimizer.weight_decay, optimizer.clipnorm) == (0.25, 0.004, 1.0)


def test_missing_gradients_are_left_out_with_a_warning():
    optimizer, trained = optimizers.SGD(1.0), variables(Variable)
    with pytest.warns(UserWarning) as caught:
        optimizer.apply([None, START[1]], trained)
    assert [str(w.message) for w in caught] == [
        "Gradients do not exist for variables ['kernel'] when minimizing the loss."
    ]
    np.testing.assert_array_equal(trained[0].numpy(), START[0])
    np.testing.assert_array_equal(trained[1].numpy(), 0 * START[1])


def test_loss_scale():
    assert optimizers.SGD(loss_scale_factor=4.0).scale_loss(3.0) == 12.0
    assert optimizers.SGD().scale_loss(3.0) == 3.0


def adam():
    made = optimizers.Adam(name="same")
    made.build(variables(Variable))
    return made


OPTIONS = (
    "amsgrad, beta_1, beta_2, clipnorm, clipvalue, ema_momentum, ema_overwrite_frequency, epsilon, global_clipnorm, "
    "gradient_accumulation_steps, learning_rate, loss_scale_factor, name, use_ema, weight_decay"
)

ERRORS = [
    (lambda: optimizers.get("adm"), "Unknown optimizer: 'adm'.\n  fix:      did you mean 'adam'?"),
    (
        lambda: optimizers.get(print),
        (
            "Could not interpret optimizer identifier: <built-in function print>.\n"
            "  expected: an Optimizer, its name or its configuration\n  got:      builtin_function_or_method"
        ),
    ),
    (
        lambda: optimizers.Adam(beta1=0.5),
        "Adam: Argument(s) not recognized: {'beta1': 0.5}\n  fix:      did you mean 'beta_1'?",
    ),
    (
        lambda: optimizers.Adam(zzz=1),
        f"Adam: Argument(s) not recognized: {{'zzz': 1}}\n  fix:      the arguments are: {OPTIONS}.",
    ),
    (
        lambda: optimizers.Adam(clipnorm=1, clipvalue=2),
        (
            "Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set.\n"
            "  got:      clipnorm=1, clipvalue=2, global_clipnorm=None"
        ),
    ),
    (
        lambda: optimizers.Adam(use_ema=True, ema_momentum=2),
        "`ema_momentum` must be in the range [0, 1].\n  got:      2",
    ),
    (
        lambda: optimizers.Adam(use_ema=True, ema_overwrite_frequency=0),
        "`ema_overwrite_frequency` must be an integer >= 1 or None.\n  got:      0",
    ),
    (
        lambda: optimizers.Adam(gradient_accumulation_steps=1),
        "`gradient_accumulation_steps` must be an integer >= 2.\n  got:      1",
    ),
    (
        lambda: optimizers.Adam("x"),
        (
            "Argument `learning_rate` is not a learning rate.\n"
            "  expected: a float, a LearningRateSchedule, or a callable without arguments\n  got:      'x'"
        ),
    ),
    (
        lambda: optimizers.AdamW(weight_decay=None),
        "Argument `weight_decay` must be a float.\n  got:      None\n  fix:      use Adam, which needs none.",
    ),
    (
        lambda: optimizers.Adam().set_weights([]),
        (
            "You are calling `set_weights()` on an optimizer that has not yet been built.\n"
            "  fix:      call `optimizer.build(trainable_variables)` first."
        ),
    ),
    (
        lambda: adam().apply_gradients([]),
        "No gradients provided for any variable.\n  fix:      check that the loss depends on the trainable variables.",
    ),
    (lambda: optimizers.SGD(momentum=2), "`momentum` must be a float between [0, 1].\n  got:      2"),
    (
        lambda: optimizers.Lion(beta_1=2),
        (
            "Argument `beta_1` must be in the [0, 1] range. Otherwise, the optimizer degenerates to SignSGD.\n"
            "  got:      2"
        ),
    ),
    (
        lambda: optimizers.Ftrl(l1_regularization_strength=-1),
        "`l1_regularization_strength` needs to be positive or zero.\n  got:      -1",
    ),
    (
        lambda: optimizers.Ftrl(learning_rate_power=1),
        "`learning_rate_power` needs to be negative or zero.\n  got:      1",
    ),
    (
        lambda: setattr(optimizers.SGD(schedules.CosineDecay(0.1, 3)), "learning_rate", 0.1),
        (
            "This optimizer was created with a `LearningRateSchedule` object as its `learning_rate` constructor "
            "argument, hence its learning rate is not settable.\n"
            "  fix:      instantiate the optimizer with a float `learning_rate`, or set another schedule."
        ),
    ),
    (
        lambda: setattr(adam(), "iterations", Variable(0)),
        "Cannot set `iterations` to a new Variable after the Optimizer weights exist.",
    ),
    (
        lambda: optimizers.Adam().apply(GRADIENTS[0]),
        (
            "When passing `grads` without `variables`, the optimizer must already be built on a list of variables.\n"
            "  fix:      call `optimizer.build(trainable_variables)` first."
        ),
    ),
    (
        lambda: adam().apply(GRADIENTS[0][:1]),
        (
            "The gradients must match the variables one to one.\n"
            "  expected: 2 gradients, one for each variable\n  got:      a list of 1 gradients"
        ),
    ),
    (
        lambda: adam().apply([None, None]),
        "No gradients provided for any variable.\n  fix:      check that the loss depends on the trainable variables.",
    ),
    (
        lambda: adam().apply(GRADIENTS[0], variables(Variable)),
        (
            'Unknown variable: "kernel", shape=(3, 2). This optimizer can only be called for the variables it was '
            "originally built with.\n  fix:      when working with a new set of variables, create a new optimizer."
        ),
    ),
    (
        lambda: optimizers.Adam().stateless_apply([], GRADIENTS[0], START),
        (
            "To call `stateless_apply`, Adam must be built (i.e. its variables must have been created).\n"
            "  fix:      call `optimizer.build(trainable_variables)` first."
        ),
    ),
    (
        lambda: adam().stateless_apply([0] * 6, GRADIENTS[0], START[:1]),
        (
            "Argument `trainable_variables` must be a list of tensors corresponding 1:1 to the variables of Adam.\n"
            "  expected: 2 arrays\n  got:      1 arrays"
        ),
    ),
    (
        lambda: adam().stateless_apply([0], GRADIENTS[0], START),
        (
            "Argument `optimizer_variables` must be a list of tensors corresponding 1:1 to the variables of Adam.\n"
            "  expected: 6 arrays\n  got:      1 arrays"
        ),
    ),
]


@pytest.mark.parametrize(("make", "text"), ERRORS)
def test_errors(make, text):
    with warnings.catch_warnings(), pytest.raises((ValueError, TypeError, RuntimeError)) as raised:
        warnings.simplefilter("error")
        make()
    assert str(raised.value) == text
