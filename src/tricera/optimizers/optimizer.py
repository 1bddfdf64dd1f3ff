"""Optimizer: what all optimizers share, so that each of them is the update of one array."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tricera import expressions
from tricera.engine import naming, registry, scope
from tricera.engine.configured import argument_names, parameters
from tricera.engine.pure import pure, stateless
from tricera.engine.variable import Variable
from tricera.errors import did_you_mean, report
from tricera.optimizers.gradient import clip
from tricera.optimizers.hyperparameters import attributes
from tricera.optimizers.state import OptimizerState, assign_each, unbuilt


class Optimizer(OptimizerState):
    """Changes variables against their gradients, one array at a time: override `update` or `update_step`.

    Args:
        learning_rate: a number, a schedule, or a callable without arguments that returns the rate.
        weight_decay: each step takes this part of each variable off, times the rate, beside the gradient's step.
        clipnorm, clipvalue, global_clipnorm: at most one: the limit of each gradient's norm, of each
            element, or of the norm of all gradients together.
        use_ema: whether to keep a moving average of the variables, with momentum `ema_momentum`, that replaces
            them every `ema_overwrite_frequency` steps, and when training ends.
        loss_scale_factor: multiplies the loss in `scale_loss`, and divides the gradients.
        gradient_accumulation_steps: how many calls add up their gradients until their mean makes a step.
    """

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ):
        if kwargs:
            raise ValueError(self._unknown_arguments(kwargs))
        self.weight_decay, self.loss_scale_factor = weight_decay, loss_scale_factor
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.use_ema, self.ema_momentum, self.ema_overwrite_frequency = use_ema, ema_momentum, ema_overwrite_frequency
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._check_arguments()
        self._undecayed: tuple[set[Variable], list[str]] = (set(), [])
        self._programs: dict[Any, Callable] = {}
        self._begin(name or naming.auto_name(type(self)), learning_rate)

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the arrays that the optimizer keeps for each of `variables`."""
        if self.built:
            return
        self.built = True
        self._trainable_variables = list(variables)
        self._index = {v: i for i, v in enumerate(variables)}
        if self.use_ema:
            self._model_variables_moving_average = self.add_optimizer_variables(variables, "average")
        if self.gradient_accumulation_steps:
            self._accumulated_gradients = self.add_optimizer_variables(variables, "gradient_accumulator")
        self._slots: list[list[Variable]] = [[] for _ in variables]
        self.build_slots()

    @property
    def slots(self) -> tuple[tuple[str, ...], ...]:
        """The names of the arrays kept for each variable; those of a group stand together, variable by variable."""
        return ()

    def build_slots(self) -> None:
        """Make the `slots`."""
        for group in self.slots:
            for variable, slots in zip(self._trainable_variables, self._slots, strict=True):
                if not variable.overwrite_with_gradient:
                    initial = [(name, self.initial(name, variable)) for name in group]
                    slots += [self.add_variable_from_reference(variable, *each) for each in initial]

    def initial(self, slot: str, variable: Variable) -> Any:
        """What a slot of a variable begins with: `"zeros"`, a number or an array."""
        return "zeros"

    # ---- the step

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Any:
        """Make a step with pairs of a gradient and its variable."""
        pairs = list(grads_and_vars)
        if not pairs:
            raise ValueError(_nothing())
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self._iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        """Make a step with gradients in the order of the variables.

        Raises:
            ValueError: gradients and variables do not match, or no gradient is given.
        """
        grads = list(grads)
        if not grads:
            return
        variables = self._matching(grads, trainable_variables)
        pairs = self._overwrite(list(zip(grads, variables, strict=True)))
        if pairs:
            pairs = self._present(pairs)
            with scope.enter(autocast=None):
                self._run([jnp.asarray(g) for g, _ in pairs], [v for _, v in pairs])
        self._iterations.assign(self._iterations.raw() + 1)

    def stateless_apply(
        self, optimizer_variables: Sequence[Any], grads: Sequence[Any], trainable_variables: Sequence[Any]
    ) -> tuple[list[Any], list[Any]]:
        """`apply` as a function of values: `(new trainable variables, new optimizer variables)`, in their order."""
        cells = self.variables
        self._check_stateless(optimizer_variables, trainable_variables, cells)
        trained = self._trainable_variables
        with stateless([*trained, *cells], [*trainable_variables, *optimizer_variables]) as table:
            self.apply(grads)
        return [table[v] for v in trained], [table[v] for v in cells]

    def _run(self, grads: list[Any], variables: list[Variable]) -> None:
        """`_apply`: as one compiled program where nothing is being traced and nobody changed `update_step`."""
        rate = jnp.asarray(self._get_current_learning_rate(), "float32")
        traced = scope.current().values is not None or any(isinstance(g, jax.core.Tracer) for g in grads)
        if traced or type(self).update_step is not Optimizer.update_step:
            self._apply(grads, variables, rate)
            return
        cells = [*self._trainable_variables, *self.variables]
        key = (*cells, None, *variables, *(v.constraint for v in variables), *self._hyperparameters())
        if key not in self._programs:
            self._programs[key] = jax.jit(pure(lambda *arrays: self._apply(arrays[:-1], variables, arrays[-1]), cells))
        _, new = self._programs[key]([cell.value for cell in cells], *grads, rate)
        assign_each(cells, new)

    def _hyperparameters(self) -> list[tuple[str, Any]]:
        return [(name, x) for name, x in vars(self).items() if isinstance(x, int | float | str | None)]

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_programs": {}}

    def _apply(self, grads: Sequence[Any], variables: list[Variable], rate: Any) -> None:
        if self.loss_scale_factor is not None:
            grads = [g / self.loss_scale_factor for g in grads]
        if self.gradient_accumulation_steps:
            self._accumulate(grads, variables, rate)
        else:
            self._step(list(grads), variables, rate)
        if self.use_ema:
            self._average()
        for variable in variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable.value))

    def _step(self, grads: list[Any], variables: list[Variable], rate: Any) -> None:
        grads = self._clip_gradients(grads)
        for variable in variables:
            decay = self.decay_of(variable)
            if decay is not None and self._use_weight_decay(variable):
                p = variable.value
                variable.assign(p - p * (decay * rate))
        self.update_all(grads, variables, rate)

    def _clip_gradients(self, grads: list[Any]) -> list[Any]:
        return clip(grads, self.clipnorm, self.global_clipnorm, self.clipvalue)

    def update_all(self, grads: list[Any], variables: list[Variable], rate: Any) -> None:
        """Change each variable against its gradient."""
        for g, variable in zip(grads, variables, strict=True):
            self.update_step(g, variable, rate)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one variable, and what is kept for it, by `update`."""
        slots = self._slots[self._get_variable_index(variable)]
        step = self._step_number()
        new = self.update(variable.value, gradient, *(s.value for s in slots), rate=learning_rate, step=step)
        assign_each([variable, *slots], new)

    def update(self, p: Any, g: Any, *slots: Any, **at: Any) -> tuple[Any, ...]:
        """`(new p, *new slots)` of one array, at the learning rate `rate`, in step number `step`, from 1."""
        raise NotImplementedError(report(f"{type(self).__name__} must override `update` or `update_step`."))

    def _step_number(self) -> Any:
        return jnp.asarray(self.iterations, "float32") + 1

    # ---- options

    def scale_loss(self, loss: Any) -> Any:
        """The loss to differentiate: times `loss_scale_factor`, which the step divides out again."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def exclude_from_weight_decay(
        self, var_list: Sequence[Variable] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """Do not decay these variables, nor those whose name contains one of `var_names` (regular expressions)."""
        self._undecayed = (set(var_list or ()), list(var_names or ()))
        self._programs.clear()

    def decay_of(self, variable: Variable) -> float | None:
        """The weight decay of a variable that is not excluded."""
        return self.weight_decay

    def _use_weight_decay(self, variable: Variable) -> bool:
        variables, names = self._undecayed
        return variable not in variables and not any(expressions.search(name, variable.name) for name in names)

    def _accumulate(self, grads: Sequence[Any], variables: list[Variable], rate: Any) -> None:
        """Add the gradients up; each time `gradient_accumulation_steps` are complete, make a step with their mean."""
        n = self.gradient_accumulation_steps
        sums = [self._accumulated_gradients[self._get_variable_index(v)] for v in variables]
        for g, total in zip(grads, sums, strict=True):
            total.assign(total.value + g)

        def step() -> None:
            self._step([total.value / n for total in sums], variables, rate)
            for total in sums:
                total.assign(jnp.zeros_like(total.value))

        due = (self._iterations.value + 1) % n == 0
        choose(due, step, lambda: None, [*variables, *self.variables])

    def _average(self) -> None:
        """Move the averages of all variables; the first step copies. Overwrite the variables when it is time."""
        count = jnp.asarray(self.iterations)
        momentum = jnp.where(count == 0, 0.0, self.ema_momentum)
        overwrite = self.ema_overwrite_frequency and (count + 1) % self.ema_overwrite_frequency == 0
        for variable, average in self.averages:
            p = variable.value
            average.assign(momentum * average.value + (1 - momentum) * p)
            if self.ema_overwrite_frequency:
                variable.assign(jnp.where(overwrite, average.value, p))

    @property
    def averages(self) -> list[tuple[Variable, Variable]]:
        """Each variable that has a moving average, with it: those that `use_ema` keeps."""
        if not (self.use_ema and self.built):
            return []
        pairs = zip(self._trainable_variables, self._model_variables_moving_average, strict=True)
        return [(variable, average) for variable, average in pairs if average is not None]

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Give the variables their averages, if `use_ema`: training has ended."""
        wanted = set(map(id, var_list))
        for variable, average in self.averages:
            if id(variable) in wanted:
                variable.assign(average.value)

    def _overwrite(self, pairs: list[tuple[Any, Variable]]) -> list[tuple[Any, Variable]]:
        """Assign the gradients that are new values (scales of float8, say); return the other pairs."""
        for g, variable in pairs:
            if variable.overwrite_with_gradient and g is not None:
                self._overwrite_one(jnp.asarray(g), variable)
        return [(g, v) for g, v in pairs if not v.overwrite_with_gradient]

    def _overwrite_one(self, g: Any, variable: Variable) -> None:
        if self.gradient_accumulation_steps:  # such values are maxima: what accumulates is their maximum
            highest = self._accumulated_gradients[self._get_variable_index(variable)]
            due = (self._iterations.value + 1) % self.gradient_accumulation_steps == 0
            top = jnp.maximum(g, highest.value)
            highest.assign(jnp.where(due, 0, top))
            g = jnp.where(due, top, variable.value)
        variable.assign(g)

    # ---- what does not fit

    def _check_arguments(self) -> None:
        limits = {name: getattr(self, name) for name in ("clipnorm", "clipvalue", "global_clipnorm")}
        if sum(limit is not None for limit in limits.values()) > 1:
            got = ", ".join(f"{name}={limit}" for name, limit in limits.items())
            raise ValueError(report("Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set.", got=got))
        if self.use_ema and not 0 <= self.ema_momentum <= 1:
            raise ValueError(report("`ema_momentum` must be in the range [0, 1].", got=self.ema_momentum))
        frequency = self.ema_overwrite_frequency
        if self.use_ema and frequency is not None and (not isinstance(frequency, int) or frequency < 1):
            raise ValueError(report("`ema_overwrite_frequency` must be an integer >= 1 or None.", got=frequency))
        steps = self.gradient_accumulation_steps
        if steps is not None and (not isinstance(steps, int) or steps < 2):
            raise ValueError(report("`gradient_accumulation_steps` must be an integer >= 2.", got=steps))

    def _unknown_arguments(self, kwargs: dict[str, Any]) -> str:
        known = argument_names(type(self))
        fix = did_you_mean(next(iter(kwargs)), known) or f"the arguments are: {', '.join(sorted(known))}."
        return report(f"{type(self).__name__}: Argument(s) not recognized: {kwargs}", fix=fix)

    def _matching(self, grads: list[Any], variables: Sequence[Variable] | None) -> list[Variable]:
        """The variables that the gradients belong to; builds on them, if nothing is built."""
        if variables is None and not self.built:
            what = "When passing `grads` without `variables`, the optimizer must already be built on a list of "
            raise ValueError(unbuilt(what + "variables."))
        variables = list(self._trainable_variables if variables is None else variables)
        if len(grads) != len(variables):
            what, got = "The gradients must match the variables one to one.", f"a list of {len(grads)} gradients"
            raise ValueError(report(what, expected=f"{len(variables)} gradients, one for each variable", got=got))
        self.build(variables)
        for variable in variables:
            if variable not in self._index:
                what = f'Unknown variable: "{variable.path}", shape={variable.shape}. This optimizer can only be '
                what += "called for the variables it was originally built with."
                fix = "when working with a new set of variables, create a new optimizer."
                raise ValueError(report(what, fix=fix))
        return variables

    def _present(self, pairs: list[tuple[Any, Variable]]) -> list[tuple[Any, Variable]]:
        """The pairs that have a gradient."""
        present = [(g, v) for g, v in pairs if g is not None]
        if not present:
            raise ValueError(_nothing())
        if len(present) < len(pairs):
            missing = [v.path for g, v in pairs if g is None]
            what = f"Gradients do not exist for variables {missing} when minimizing the loss."
            warnings.warn(report(what), stacklevel=4)
        return present

    def _check_stateless(self, own: Sequence[Any], trained: Sequence[Any], cells: Sequence[Variable]) -> None:
        name = type(self).__name__
        if not self.built:
            what = f"To call `stateless_apply`, {name} must be built (i.e. its variables must have been created)."
            raise ValueError(unbuilt(what))
        for argument, values, variables in (
            ("trainable_variables", trained, self._trainable_variables),
            ("optimizer_variables", own, cells),
        ):
            if len(values) != len(variables):
                what = f"Argument `{argument}` must be a list of tensors corresponding 1:1 to the variables of {name}."
                raise ValueError(report(what, expected=f"{len(variables)} arrays", got=f"{len(values)} arrays"))
            for variable, shape in zip(variables, map(np.shape, values), strict=True):
                if shape != variable.shape:
                    what, fix = f"{name} was built for other variables.", "give each model an optimizer of its own."
                    expected = f"{variable.path}, shape {variable.shape}"
                    raise ValueError(report(what, expected=expected, got=f"shape {shape}", fix=fix))

    # ---- configuration

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; the learning rate as it is now, unless a schedule gives it."""
        base = {name: getattr(self, name) for name in parameters(Optimizer.__init__) if name in vars(self)}
        rate = self._learning_rate
        rate = float(rate.numpy()) if isinstance(rate, Variable) else registry.serialize(rate)
        return {**base, **super().get_config(), "learning_rate": rate}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> "Optimizer":
        """The optimizer of what `get_config` returned."""
        with registry.custom_object_scope(custom_objects or {}):
            return super().from_config(config)


def _nothing() -> str:
    fix = "check that the loss depends on the trainable variables."
    return report("No gradients provided for any variable.", fix=fix)


def choose(condition: Any, then: Callable, otherwise: Callable, cells: Sequence[Variable]) -> None:
    """`then()` where the condition holds, else `otherwise()`: they change `cells` alone."""
    if isinstance(condition, jax.core.Tracer):
        values = [cell.value for cell in cells]
        _, new = jax.lax.cond(condition, pure(then, cells), pure(otherwise, cells), values)
        assign_each(cells, new)
    elif condition:
        then()
    else:
        otherwise()


def hyperparameters(init: Callable) -> Callable[..., None]:
    """Decorator of an optimizer's constructor: its arguments become attributes; it takes those of `Optimizer`, too."""
    return attributes(init, Optimizer.__init__)
