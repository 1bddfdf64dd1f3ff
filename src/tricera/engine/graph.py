"""Symbolic tensors, the nodes that made them, shape inference by tracing, and running a graph."""

import contextlib
import functools
import inspect
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax import export, tree_util

from tricera.engine import dtypes, masking, naming, registry, scope
from tricera.engine.variable import Operators, Variable
from tricera.errors import report

Shape = tuple[int | None, ...]
settling: Any = None  # what `legacy` knows symbolic tensors to be worth, where graphs run


class KerasTensor(Operators):
    """A value that is not known yet: its shape (None where a size is unknown), its dtype, and what makes it."""

    def __init__(
        self,
        shape: Sequence[int | None],
        dtype: Any = "float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
    ):
        self.shape: Shape = tuple(None if size is None else int(size) for size in shape)
        self.dtype = dtypes.standardize_dtype(dtype)
        self.sparse, self.ragged = bool(sparse), bool(ragged)
        self.name = name or naming.auto_name(type(self))
        self.node: Node | None = None
        self.index = 0

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def _keras_history(self) -> tuple[Any, int, int]:
        node = self.node
        return node.operation, node.operation._inbound_nodes.index(node), self.index  # type: ignore[union-attr]

    def reshape(self, *shape: Any) -> Any:
        """The op `reshape`."""
        return self._operate("reshape", self, shape[0] if isinstance(shape[0], tuple | list) else shape)

    def astype(self, dtype: Any) -> Any:
        """The op `cast`."""
        return self._operate("cast", self, dtype)

    def squeeze(self, axis: Any = None) -> Any:
        """The op `squeeze`."""
        return self._operate("squeeze", self, axis)

    @property
    def T(self) -> Any:
        """The op `transpose`."""
        return self._operate("transpose", self)

    def _operate(self, name: str, *operands: Any) -> Any:
        return registry.find("op", name)(*operands)

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, sparse={self.sparse}, name={self.name}>"

    def _no_value(self, what: str, fix: str, kind: type[Exception] = TypeError) -> Exception:
        return kind(report(f"A KerasTensor is symbolic: {what}.", got=repr(self), fix=fix))

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        raise self._no_value(
            "it cannot be used as a NumPy array",
            "use `keras.ops` on it, or pass arrays to the finished model.",
            ValueError,
        )

    def __jax_array__(self) -> Any:
        if settling is not None and (value := settling.value(self)) is not None:
            return value
        raise self._no_value("it cannot be used in a JAX function", "use `keras.ops`, or a layer, on it.")

    def __bool__(self) -> bool:
        raise self._no_value("it cannot be used as a boolean", "use `keras.ops.cond` or `keras.ops.where`.")

    def __iter__(self):
        raise self._no_value("it cannot be iterated over", "use `keras.ops.unstack`.", NotImplementedError)


class Node:
    """One symbolic call: the operation, its arguments, and the tensors that it makes."""

    def __init__(self, operation: Any, args: tuple = (), kwargs: dict | None = None, outputs: Any = ()):
        self.operation = operation
        self.args, self.kwargs, self.outputs = args, kwargs or {}, outputs
        self.leaves, self._treedef = tree_util.tree_flatten((args, self.kwargs), is_leaf=is_symbolic_leaf)
        self.input_tensors = [leaf for leaf in self.leaves if isinstance(leaf, KerasTensor)]
        self.output_tensors = [leaf for leaf in tree_util.tree_leaves(outputs) if isinstance(leaf, KerasTensor)]
        for index, tensor in enumerate(self.output_tensors):
            tensor.node, tensor.index = self, index
        operation._inbound_nodes.append(self)

    @property
    def is_input(self) -> bool:
        """Whether the tensor is one that the caller of the graph gives."""
        return not self.input_tensors and not self.leaves

    @property
    def parents(self) -> list["Node"]:
        """The nodes that make the arguments."""
        return [tensor.node for tensor in self.input_tensors if tensor.node is not None]

    def fill(self, values: dict[int, Any]) -> tuple[tuple, dict]:
        """The arguments with each symbolic tensor replaced by its value."""
        leaves = [values[id(leaf)] if isinstance(leaf, KerasTensor) else leaf for leaf in self.leaves]
        return tree_util.tree_unflatten(self._treedef, leaves)


def is_symbolic_leaf(x: Any) -> bool:
    """Whether `x` is a KerasTensor: what `tree_util` must not look into."""
    return isinstance(x, KerasTensor)


def any_symbolic(*trees: Any) -> bool:
    """Whether a symbolic tensor stands anywhere in the arguments."""
    for tree in trees:
        if isinstance(tree, KerasTensor):
            return True
        if isinstance(tree, list | tuple) and any_symbolic(*tree):
            return True
        if isinstance(tree, dict) and any_symbolic(*tree.values()):
            return True
    return False


# ---- operations


class Operation:
    """One use of an op in a graph: a function with a name of its own. Variables give their values."""

    def __init__(self, function: Callable, name: str | None = None):
        self.function = function
        self.name = name or naming.auto_name(function)
        self._inbound_nodes: list[Node] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any_symbolic(args, kwargs):
            return record(self, args, kwargs)
        return self.function(*map(_read, args), **{name: _read(value) for name, value in kwargs.items()})

    call = __call__

    def __getstate__(self) -> dict[str, Any]:  # files name functions, and the name is that of the lifted one
        return {**vars(self), "function": registry.names("op").get(self.function.__name__, self.function)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, function=inspect.unwrap(state["function"]))

    @property
    def output(self) -> Any:
        """What the only node makes."""
        return self._inbound_nodes[0].outputs


def op(function: Callable) -> Callable:
    """Make a function of arrays into one of arrays *or* symbolic tensors, and enter it among the ops."""
    return registry.register("op")(lift(function))


def lift(function: Callable) -> Callable:
    """Make a function of arrays into one of arrays *or* symbolic tensors; the latter record a node."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if settling is not None:
            args, kwargs = settling.settled(args, kwargs)
        if any_symbolic(args, kwargs):
            return record(Operation(function), args, kwargs)
        return function(*map(_read, args), **{name: _read(value) for name, value in kwargs.items()})

    return call


def _read(x: Any) -> Any:
    """The values of variables, which `jnp` does not take."""
    if isinstance(x, Variable):
        return x.value
    if isinstance(x, list | tuple) and any(isinstance(item, Variable) for item in x):
        return type(x)(map(_read, x))
    return x


def record(operation: Any, args: tuple, kwargs: dict, outputs: Any = None) -> Any:
    """Add a node for this call, and return its symbolic outputs (inferred where they are not given)."""
    if outputs is None:
        outputs = infer(operation, args, kwargs)
    return Node(operation, args, kwargs, outputs).outputs


# ---- shape inference

_BATCH, _SIZE = export.symbolic_shape("batch, size")
_PROBES = ((89, 83), (97, 101))


def infer(function: Callable, args: tuple = (), kwargs: dict | None = None) -> Any:
    """What `function` would return for these arguments: KerasTensors in place of arrays.

    Traced once over symbolic sizes; where the function cannot be (it compares sizes, or wants whole numbers),
    twice over made-up sizes: those of the output that differ are unknown.
    """
    leaves, treedef = tree_util.tree_flatten((args, kwargs or {}), is_leaf=is_symbolic_leaf)

    def trace(*sizes: Any) -> Any:
        return _trace(function, leaves, treedef, *sizes)

    scope.spend("What is traced")
    with scope.enter(values=dict(scope.current().values or {}), losses=[], masks={}):
        unknown = any(isinstance(x, KerasTensor) and None in x.shape for x in leaves)
        if not unknown:
            return _symbolic(trace(1, 1))
        try:
            return _symbolic(trace(_BATCH, _SIZE))
        except Exception as error:
            try:
                return tree_util.tree_map(_merge, *(trace(*probe) for probe in _PROBES))
            except Exception as plain:
                for sizes in (*_shared_sizes(leaves), *_given_sizes(leaves)):
                    with contextlib.suppress(Exception):
                        return _symbolic(trace(*sizes))
                if type(plain) is type(error):
                    raise error from None  # it names no made-up sizes
                raise plain from error


def _shared_sizes(leaves: list) -> list[tuple]:
    """Sizes of axes, counted from the end, that one tensor does not know and another does: of few axes first."""
    shapes = [leaf.shape for leaf in leaves if isinstance(leaf, KerasTensor)]
    shared = {}
    for axis in range(-max(map(len, shapes)), 0):
        sizes = {shape[axis] for shape in shapes if len(shape) >= -axis} - {1}
        if None in sizes and len(sizes) == 2:
            shared[axis] = max(size for size in sizes if size is not None)
    some = (dict(each) for n in range(1, len(shared) + 1) for each in itertools.combinations(shared.items(), n))
    return [(_BATCH, _SIZE, each) for each in itertools.islice(some, 15)]  # all of four axes; a file may have many


def _given_sizes(leaves: list) -> list[tuple]:
    """Sizes of the caller's arrays: one of them may say how long the batch is."""
    arrays = (x for x in leaves if isinstance(x, np.ndarray | jax.Array | Variable))
    return [(size, _SIZE) for size in dict.fromkeys(size for array in arrays for size in array.shape)]


def _trace(function: Callable, leaves: list, treedef: Any, batch: Any, size: Any, shared: Any = None) -> Any:
    """The outputs of `function`, ShapeDtypeStructs for arrays; what is no array comes through as it is."""
    at = [i for i, leaf in enumerate(leaves) if isinstance(leaf, KerasTensor)]
    structs = [jax.ShapeDtypeStruct(filled(leaves[i].shape, batch, size, shared), leaves[i].dtype) for i in at]
    rest: dict[str, Any] = {}

    def run(arrays: list) -> list:
        filled = list(leaves)
        for i, array in zip(at, arrays, strict=True):
            filled[i] = array
            if (mask := getattr(leaves[i], "_keras_mask", None)) is not None and not is_symbolic_leaf(mask):
                masking.set_mask(array, mask)
        args, kwargs = tree_util.tree_unflatten(treedef, filled)
        found, rest["treedef"] = tree_util.tree_flatten(function(*args, **kwargs))
        rest["plain"] = [None if hasattr(x, "shape") else x for x in found]
        return [x for x in found if hasattr(x, "shape")]

    with scope.enter(inferring=(batch, size), runs=None):
        arrays = iter(jax.eval_shape(run, structs))
    outputs = [next(arrays) if plain is None else plain for plain in rest["plain"]]
    return tree_util.tree_unflatten(rest["treedef"], outputs)


def filled(shape: Shape, batch: Any, size: Any, shared: dict[int, int] | None = None) -> tuple:
    """The shape with sizes for what is unknown; `shared`: those of some axes, counted from the end."""
    first, shared = -len(shape), shared or {}
    sizes = (shared.get(axis, batch if axis == first else size) for axis in range(first, 0))
    return tuple(size if n is None else n for n, size in zip(shape, sizes, strict=True))


def known(shape: Sequence[Any]) -> Shape:
    """A shape with None for every size that is not a number yet."""
    return tuple(int(n) if isinstance(n, int | np.integer) else None for n in shape)


def _symbolic(outputs: Any) -> Any:
    return tree_util.tree_map(
        lambda x: KerasTensor(known(x.shape), x.dtype) if isinstance(x, jax.ShapeDtypeStruct) else x, outputs
    )


def _merge(first: Any, second: Any) -> Any:
    if not isinstance(first, jax.ShapeDtypeStruct):
        return first
    shape = [a if a == b else None for a, b in zip(first.shape, second.shape, strict=True)]
    return KerasTensor(shape, first.dtype)


# ---- running


class Function:
    """A graph from `inputs` to `outputs` (any nesting of KerasTensors), sorted once and run in order.

    Raises:
        ValueError: an output cannot be computed from the inputs.
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None):
        self.name = name or naming.auto_name(type(self))
        self._inputs_struct, self._outputs_struct = inputs, outputs
        self._inbound_nodes: list[Node] = []
        self.inputs: list[KerasTensor] = tree_util.tree_leaves(inputs, is_leaf=is_symbolic_leaf)
        self.outputs: list[KerasTensor] = tree_util.tree_leaves(outputs, is_leaf=is_symbolic_leaf)
        self._outputs_treedef = tree_util.tree_structure(outputs, is_leaf=is_symbolic_leaf)
        for tensor in (*self.inputs, *self.outputs):
            if not isinstance(tensor, KerasTensor):
                what = "A graph's inputs and outputs must be symbolic tensors (KerasTensor)."
                raise ValueError(report(what, got=repr(tensor)))
        self.nodes, self.operations = _sort(self.inputs, self.outputs)

    def run(self, *values: Any, call: Callable | None = None) -> Any:
        """The outputs for one value of each input, in order. `call(node, args, kwargs)` runs a node."""
        scope.spend(f"Model {self.name!r}", steps=2 * len(self.nodes))  # models in models may run twice each
        table = {id(tensor): value for tensor, value in zip(self.inputs, values, strict=True)}
        runs = scope.current().runs
        with scope.enter(runs=[] if runs is None else runs) as here:
            here.runs.append(table)  # type: ignore[union-attr]
            for node in self.nodes:
                if all(id(tensor) in table for tensor in node.output_tensors):
                    continue
                args, kwargs = node.fill(table)
                result = call(node, args, kwargs) if call else node.operation(*args, **kwargs)
                made = tree_util.tree_leaves(result, is_leaf=is_symbolic_leaf)
                table.update((id(t), value) for t, value in zip(node.output_tensors, made, strict=False))
        return _filled(self._outputs_struct, table)

    def __call__(self, inputs: Any) -> Any:
        values = tree_util.tree_leaves(inputs, is_leaf=is_symbolic_leaf)
        if any_symbolic(inputs):
            return record(self, (inputs,), {}, infer(self.run, tuple(values)))
        return self.run(*values)


def _filled(struct: Any, table: dict[int, Any]) -> Any:
    """A nesting with the values of its tensors; dicts keep their order, which JAX would sort."""
    if isinstance(struct, KerasTensor):
        return table[id(struct)]
    if isinstance(struct, dict):
        return {key: _filled(item, table) for key, item in struct.items()}
    items = [_filled(item, table) for item in struct]
    return type(struct)(*items) if hasattr(struct, "_fields") else type(struct)(items)


def _sort(inputs: list[KerasTensor], outputs: list[KerasTensor]) -> tuple[list[Node], list[Any]]:
    """The nodes in an order to run them; the operations, deepest first, as Keras lists them."""
    given = {id(tensor) for tensor in inputs}
    finished, seen_operations = _walk(outputs, given)
    for tensor in inputs:  # inputs that no output uses
        node = tensor.node
        if node is not None and getattr(node.operation, "is_source", node.is_input) and node not in finished:
            finished.insert(0, node)
            seen_operations.setdefault(node.operation, -1)
    return finished, _by_depth(finished, seen_operations, given)


def _walk(outputs: list[KerasTensor], given: set[int]) -> tuple[list[Node], dict[Any, int]]:
    """Depth first from the outputs, without recursion: nodes after their parents; operations by first visit."""
    finished: dict[Node, None] = {}
    order: dict[Any, int] = {}
    stack: list[tuple[Node, bool]] = [(t.node, False) for t in reversed(outputs) if t.node is not None]
    while stack:
        node, done = stack.pop()
        if done:
            finished.setdefault(node)
        elif node not in finished:
            order.setdefault(node.operation, len(order))
            stack.append((node, True))
            needed = [t for t in node.input_tensors if not any(id(o) in given for o in node.output_tensors)]
            for tensor in needed:
                if tensor.node is None and id(tensor) not in given:
                    raise ValueError(_disconnected(node, tensor))
            further = ((id(t) in given, t.node) for t in reversed(needed) if t.node is not None)
            stack.extend((n, False) for end, n in further if not end or getattr(n.operation, "is_source", n.is_input))
            if node.is_input and not all(id(t) in given for t in node.output_tensors):
                raise ValueError(_disconnected(node, node.output_tensors[0]))
    return list(finished), order


def _disconnected(node: Node, tensor: KerasTensor) -> str:
    return report(
        f"`inputs` not connected to `outputs`: the graph needs {tensor!r}, which is not among its inputs.",
        fix=f"add it to `inputs` (operation {node.operation.name!r} uses it).",
    )


def _by_depth(nodes: list[Node], order: dict[Any, int], given: set[int]) -> list[Any]:
    depths: dict[Any, int] = {}
    node_depths: dict[Node, int] = {}
    for node in reversed(nodes):
        depth = max(node_depths.get(node, 0), depths.get(node.operation, 0))
        node_depths[node] = depths[node.operation] = depth
        if not any(id(tensor) in given for tensor in node.output_tensors):
            for parent in node.parents:
                node_depths[parent] = max(node_depths.get(parent, 0), depth + 1)
    return sorted(depths, key=lambda operation: (-depths[operation], order[operation]))
