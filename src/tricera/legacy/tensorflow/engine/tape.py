"""`GradientTape`: everything that JAX computes in a block is written down, and differentiated when somebody asks.

While a tape runs, it stands where JAX keeps the trace that each primitive operation is given to: it lets the
operation be computed as ever, so that values are there to be printed and compared, and notes what was computed of
what. A gradient runs the notes once more, from the sources on, under `jax.vjp`. It is therefore right for whatever
is written between: layers, losses, optimizers, random draws, and gradients of other tapes.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import jax
from jax import numpy as jnp
from jax import tree_util
from jax.core import Trace, eval_jaxpr
from jax.extend.core import set_current_trace, take_current_trace

from tricera.engine import scope
from tricera.engine.graph import KerasTensor
from tricera.engine.variable import Variable
from tricera.errors import report

Arrays = Sequence[Any]


class Note(NamedTuple):
    """One operation: what computes it again, of which arrays, and which arrays it made."""

    again: Callable
    inputs: list[Any]
    outputs: list[Any]


class GradientTape:
    """Notes what is computed in a `with` block, for gradients by what it watches.

    Args:
        persistent: whether more than one gradient may be asked for.
        watch_accessed_variables: whether each trainable variable that is read is watched.

    Example:
        >>> x = jnp.asarray(3.0)
        >>> with GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = x * x
        >>> float(tape.gradient(y, x))
        6.0
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True):
        self._persistent, self._watches_variables = persistent, watch_accessed_variables
        self._open: ExitStack | None = None
        self.reset()

    def reset(self) -> None:
        """Forget everything that was noted and watched."""
        self._notes: list[Note] = []
        self._watched: dict[int, Any] = {}  # arrays that depend on what is watched; holding them keeps their ids
        self._read: dict[Variable, dict[int, Any]] = {}  # the values that each variable had
        self._spent = False

    # ---- writing

    def __enter__(self) -> "GradientTape":
        self._open = ExitStack()
        with take_current_trace() as around:
            self._around = around
        outer = scope.current().watch

        def watch(variable: Variable, value: Any) -> None:
            if outer is not None:
                outer(variable, value)
            if self._watches_variables and variable.trainable:
                self._watch_variable(variable, value)

        self._open.enter_context(set_current_trace(_Writing(self, around)))
        self._open.enter_context(scope.enter(watch=watch))
        return self

    def __exit__(self, *exc: Any) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _watch_variable(self, variable: Variable, value: Any) -> None:
        self._read.setdefault(variable, {})[id(value)] = self._watched[id(value)] = value

    def watch(self, tensor: Any) -> None:
        """Note what is computed of these arrays or variables.

        Raises:
            ValueError: something that no operation of JAX would be recognized to use: a NumPy array, a number.
        """
        for each in tree_util.tree_leaves(tensor):
            if isinstance(each, Variable):
                self._watch_variable(each, each.raw())
            elif isinstance(each, jax.Array):
                self._watched[id(each)] = each
            else:
                raise ValueError(
                    report(
                        "GradientTape.watch: this cannot be watched.",
                        expected="tensors or variables",
                        got=type(each).__name__,
                        fix="make it a tensor first: `x = tf.convert_to_tensor(x)`.",
                    )
                )

    def watched_variables(self) -> tuple[Variable, ...]:
        """The variables that are watched, in the order in which they were read first."""
        return tuple(self._read)

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """A block within the tape's in which nothing is noted."""
        with self._aside():
            yield

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """A block that the tape does not see."""
        if self._open is None:
            yield
        else:
            with set_current_trace(self._around), scope.enter(watch=None):
                yield

    def note(self, again: Callable, inputs: Arrays, outputs: Any) -> None:
        """Note an operation, if it depends on something that is watched."""
        made = list(outputs) if isinstance(outputs, list | tuple) else [outputs]
        if any(id(x) in self._watched for x in inputs) and any(map(_is_float, made)):
            self._notes.append(Note(again, list(inputs), made))
            self._watched.update((id(x), x) for x in made if _is_float(x))

    # ---- gradients

    def gradient(
        self, target: Any, sources: Any, output_gradients: Any = None, unconnected_gradients: str = "none"
    ) -> Any:
        """The gradients of the sum of `target` by each of `sources`, in their nesting.

        Args:
            output_gradients: what the gradients of the targets are, instead of ones.
            unconnected_gradients: `"none"` or `"zero"`: what is given for a source that no target depends on.

        Raises:
            RuntimeError: the tape is not persistent, and has been asked before.
        """
        self._spend()
        leaves, structure = tree_util.tree_flatten(sources)
        with self._aside():
            values = [self._values(source) for source in leaves]
            targets = [self._target(t) for t in tree_util.tree_leaves(target)]
            replay = _Replay(self._notes, targets, [x for each in values for x in each])
            given = _ones(targets, output_gradients)
            found = replay.pull(given) if replay.sources else {}
            gradients = [
                _sum([found[id(x)] for x in each if id(x) in found], source, unconnected_gradients)
                for source, each in zip(leaves, values, strict=True)
            ]
        return tree_util.tree_unflatten(structure, gradients)

    def jacobian(self, target: Any, sources: Any, unconnected_gradients: str = "none", **options: Any) -> Any:
        """The derivatives of each element of `target` by each element of `sources`."""
        self._spend()
        leaves, structure = tree_util.tree_flatten(sources)
        with self._aside():
            values = [self._values(source) for source in leaves]
            replay = _Replay(self._notes, [self._target(target)], [x for each in values for x in each])
            found = replay.jacobian() if replay.sources else {}
            jacobians = [
                _sum([found[id(x)] for x in each if id(x) in found], source, unconnected_gradients)
                for source, each in zip(leaves, values, strict=True)
            ]
        return tree_util.tree_unflatten(structure, jacobians)

    def batch_jacobian(self, target: Any, source: Any, **options: Any) -> Any:
        """The same for each sample of `target` by the same sample of `source`, of which it alone depends."""
        whole = self.jacobian(target, source, "zero")
        rows = jnp.arange(whole.shape[0])
        between = len(jnp.shape(target))
        return jnp.moveaxis(whole, between, 1)[rows, rows]

    def _spend(self) -> None:
        if self._spent and not self._persistent:
            raise RuntimeError(
                report(
                    "A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians).",
                    fix="ask for all of them at once, or use `tf.GradientTape(persistent=True)`.",
                )
            )
        self._spent = True

    def _values(self, source: Any) -> list[Any]:
        """The arrays that a source was in what was noted."""
        _refuse_symbolic(source)
        if isinstance(source, Variable):
            return list(self._read.get(source, {}).values())
        return [source]

    def _target(self, target: Any) -> Any:
        _refuse_symbolic(target)
        return target.value if isinstance(target, Variable) else target


class _Writing(Trace):
    """The trace of a running tape: each operation goes to the trace around, and then onto the tape."""

    def __init__(self, tape: GradientTape, around: Trace):
        super().__init__()
        self._tape, self._around = tape, around

    def stage_value(self, value: Any) -> Any:
        with set_current_trace(self._around):
            return self._around.stage_value(value)

    def process_primitive(self, primitive: Any, operands: Arrays, params: dict, /) -> Any:
        def again(*values: Any) -> Any:
            return primitive.bind(*values, **params)

        with set_current_trace(self._around):
            outputs = again(*operands)
        again, inputs = _with_constants(again, params.get("jaxpr"), operands)
        self._tape.note(again, inputs, outputs)
        return outputs

    def _of_functions(self, method: str, arguments: tuple, options: dict) -> Any:
        """An operation that is made of functions, such as one with a derivative of its own."""
        *functions, operands = arguments

        def again(*values: Any) -> Any:
            for function in functions:
                for store in getattr(function, "stores", ()):  # JAX fills them at each run, and once only
                    if store:
                        store.reset()
            with take_current_trace() as trace:
                return getattr(trace, method)(*functions, values, **options)

        with set_current_trace(self._around):
            outputs = again(*operands)
        self._tape.note(again, operands, outputs)
        return outputs

    def process_custom_jvp_call(self, *arguments: Any, **options: Any) -> Any:
        return self._of_functions("process_custom_jvp_call", arguments, options)

    def process_custom_vjp_call(self, *arguments: Any, **options: Any) -> Any:
        return self._of_functions("process_custom_vjp_call", arguments, options)

    def process_call(self, *arguments: Any, **options: Any) -> Any:
        return self._of_functions("process_call", arguments, options)


def _with_constants(again: Callable, jaxpr: Any, operands: Arrays) -> tuple[Callable, list[Any]]:
    """A jitted function's arrays from outside of it, made inputs, so that gradients by them are found."""
    constants = list(getattr(jaxpr, "consts", ()))
    if not constants:
        return again, list(operands)
    count = len(constants)
    return lambda *values: eval_jaxpr(jaxpr.jaxpr, values[:count], *values[count:]), [*constants, *operands]


class _Replay:
    """The part of a tape that leads from sources to targets, as a function of the sources.

    A source that was itself computed gets zeros added where it was, so that gradients by it and by what it depends
    on can be asked for together.

    Attributes:
        sources: the sources that a target depends on.
    """

    def __init__(self, notes: list[Note], targets: Arrays, sources: Arrays):
        sources = list({id(x): x for x in sources if _is_float(x)}.values())
        self._targets = targets
        self._notes = _between(notes, targets, sources)
        used = {id(x) for note in self._notes for x in note.inputs} | {id(x) for x in targets}
        self.sources = [x for x in sources if id(x) in used]
        made = {id(x) for note in self._notes for x in note.outputs}
        self._starts = [jnp.zeros_like(x) if id(x) in made else x for x in self.sources]

    def _run(self, starts: Arrays) -> list[Any]:
        starting = {id(x): start for x, start in zip(self.sources, starts, strict=True)}
        values = dict(starting)
        for note in self._notes:
            outputs = note.again(*(values.get(id(x), x) for x in note.inputs))
            outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
            for x, value in zip(note.outputs, outputs, strict=True):
                values[id(x)] = value + starting[id(x)] if id(x) in starting else value
        return [values.get(id(x), x) for x in self._targets]

    def pull(self, gradients: Arrays) -> dict[int, Any]:
        """The gradient by each source, by its id, for gradients of the targets."""
        _, pull = jax.vjp(self._run, self._starts)
        (found,) = pull(gradients)
        return {id(x): g for x, g in zip(self.sources, found, strict=True)}

    def jacobian(self) -> dict[int, Any]:
        """The derivatives of the only target by each source."""
        found = jax.jacrev(lambda starts: self._run(starts)[0])(self._starts)
        return {id(x): j for x, j in zip(self.sources, found, strict=True)}


def _between(notes: list[Note], targets: Iterable[Any], sources: Iterable[Any]) -> list[Note]:
    """The notes that lie on a way from a source to a target."""
    reached = {id(x) for x in sources}
    forward = []
    for note in notes:
        if any(id(x) in reached for x in note.inputs) or any(id(x) in reached for x in note.outputs):
            reached.update(map(id, note.outputs))
            forward.append(note)
    needed = {id(x) for x in targets}
    backward = []
    for note in reversed(forward):
        if any(id(x) in needed for x in note.outputs):
            needed.update(map(id, note.inputs))
            backward.append(note)
    return backward[::-1]


def _ones(targets: Arrays, given: Any) -> list[Any]:
    """The gradients of the targets: ones, where nobody gave another."""
    leaves = [None] * len(targets) if given is None else tree_util.tree_leaves(given, is_leaf=lambda x: x is None)
    return [
        jnp.ones_like(t) if g is None else jnp.broadcast_to(jnp.asarray(g, t.dtype), t.shape)
        for t, g in zip(targets, leaves, strict=True)
    ]


def _sum(found: list[Any], source: Any, unconnected: str) -> Any:
    """The gradient by a source that was several arrays: a variable that was assigned to in between."""
    if not found:
        return jnp.zeros(source.shape, source.dtype) if unconnected in ("zero", "ZERO") else None
    total = found[0]
    for each in found[1:]:
        total = total + each
    return total


def _is_float(x: Any) -> bool:
    return hasattr(x, "dtype") and jnp.issubdtype(x.dtype, jnp.inexact)


def _refuse_symbolic(x: Any) -> None:
    if isinstance(x, KerasTensor):
        raise ValueError(
            report(
                "GradientTape: a symbolic tensor has no value that was computed on the tape.",
                got=repr(x),
                fix="call the model on data within the tape, or use `keras.backend.gradients` on the graph.",
            )
        )
