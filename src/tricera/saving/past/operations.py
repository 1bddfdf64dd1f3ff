"""TensorFlow's functions in graphs of tf.keras, as operations of `keras.ops`."""

import itertools
import json
from collections.abc import Callable
from typing import Any

from tricera.errors import report

Form = dict[str, Any]
Use = dict[str, Any]

KINDS = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer")

# TensorFlow's functions: the op, and the op's names of their arguments after the first.
_ARGUMENTS = {
    "argmax": ("argmax", {"axis": "axis"}),
    "argmin": ("argmin", {"axis": "axis"}),
    "bias_add": ("add", {"bias": "x2"}),
    "cast": ("cast", {"dtype": "dtype"}),
    "clip_by_value": ("clip", {"clip_value_min": "x_min", "clip_value_max": "x_max"}),
    "concat": ("concatenate", {"axis": "axis"}),
    "cumsum": ("cumsum", {"axis": "axis"}),
    "expand_dims": ("expand_dims", {"axis": "axis"}),
    "gather": ("take", {"indices": "indices", "axis": "axis"}),
    "l2_normalize": ("normalize", {"axis": "axis", "epsilon": "epsilon"}),
    "leaky_relu": ("leaky_relu", {"alpha": "negative_slope"}),
    "matmul": ("matmul", {"b": "x2"}),
    "one_hot": ("one_hot", {"depth": "num_classes", "axis": "axis", "dtype": "dtype"}),
    "pad": ("pad", {"paddings": "pad_width", "constant_values": "constant_values"}),
    "repeat": ("repeat", {"repeats": "repeats", "axis": "axis"}),
    "reshape": ("reshape", {"shape": "newshape"}),
    "resize": ("resize", {"size": "size", "method": "interpolation"}),
    "reverse": ("flip", {"axis": "axis"}),
    "softmax": ("softmax", {"axis": "axis"}),
    "split": ("split", {"num_or_size_splits": "indices_or_sections", "axis": "axis"}),
    "squeeze": ("squeeze", {"axis": "axis"}),
    "stack": ("stack", {"axis": "axis"}),
    "tile": ("tile", {"multiples": "repeats"}),
    "transpose": ("transpose", {"perm": "axes"}),
    "unstack": ("unstack", {"axis": "axis", "num": "num"}),
    "where": ("where", {"x": "x1", "y": "x2"}),
}
_PLAIN = """abs:absolute ceil cos elu erf exp floor gelu identity:copy log log1p log_sigmoid logical_not
    negative ones_like relu relu6 round rsqrt selu sigmoid sign silu sin softplus softsign sqrt square
    stop_gradient swish:silu tan tanh zeros_like"""
_OF_TWO = """add divide divide_no_nan equal floordiv:floor_divide floormod:mod greater greater_equal less less_equal
    logical_and logical_or maximum minimum mod mul:multiply multiply not_equal pow:power sub:subtract subtract
    truediv:divide"""
_REDUCTIONS = "all any logsumexp max mean min prod std sum variance:var"

_FUNCTIONS: dict[str, tuple[str, dict[str, str]]] = dict(_ARGUMENTS)
for words, prefix, names in (
    (_PLAIN, "", {}),
    (_OF_TWO, "", {"y": "x2"}),
    (_REDUCTIONS, "reduce_", {"axis": "axis", "keepdims": "keepdims"}),
):
    for word in words.split():
        theirs, _, ours = word.partition(":")
        _FUNCTIONS[prefix + theirs] = (ours or theirs, names)

# Nodes of TensorFlow's graphs: the function above, and the names of their inputs after the first.
_NODES = {
    "AddV2": ("add", ("y",)),
    "BatchMatMulV2": ("matmul", ("b",)),
    "BiasAdd": ("bias_add", ("bias",)),
    "GatherV2": ("gather", ("indices", "axis")),
    "MatMul": ("matmul", ("b",)),
    "Mul": ("multiply", ("y",)),
    "Neg": ("negative", ()),
    "Pad": ("pad", ("paddings",)),
    "PadV2": ("pad", ("paddings", "constant_values")),
    "RealDiv": ("truediv", ("y",)),
    "Reshape": ("reshape", ("shape",)),
    "SelectV2": ("where", ("x", "y")),
    "Sub": ("subtract", ("y",)),
    "Tile": ("tile", ("multiples",)),
    "Transpose": ("transpose", ("perm",)),
    "ExpandDims": ("expand_dims", ("axis",)),
    "Mean": ("reduce_mean", ("axis",)),
    "Sum": ("reduce_sum", ("axis",)),
    "Max": ("reduce_max", ("axis",)),
    "Min": ("reduce_min", ("axis",)),
    "Prod": ("reduce_prod", ("axis",)),
}
_DTYPES = {"DT_FLOAT": "float32", "DT_HALF": "float16", "DT_INT32": "int32", "DT_INT64": "int64"}
_SLICE = ("start", "stop", "step")


def operation(form: Form, uses: list[Use]) -> Form:
    """The op that a layer around one of TensorFlow's functions is, with its uses.

    Raises:
        ValueError: `keras.ops` has no such function.
    """
    config, kind = form["config"], form["class_name"]
    name = form.get("name") or config["name"]
    if kind == "TensorFlowOpLayer":
        node = config["node_def"]
        node = json.loads(node) if isinstance(node, str) else node
        function, call = node["op"], _from_node(node, config.get("constants") or {})
    else:
        function, call = config["function"], _from_call(config["function"])
    found = [call(use) for use in uses]
    if any(each is None for each in found):
        raise ValueError(
            report(
                f"The graph's {name!r} is TensorFlow's function {function!r}, which has no counterpart in `keras.ops`.",
                fix="build the model in Python and `load_weights` from the file.",
            )
        )
    op, settings = (found[0][0], found[0][1]) if found else ("copy", {})
    return {
        "module": "keras.src.ops.numpy",
        "class_name": "".join(part[:1].upper() + part[1:] for part in op.split("_")),
        "config": {"name": name, **settings},
        "registered_name": None,
        "name": name,
        "inbound_nodes": [use for _, _, use in found],
    }


def _from_call(function: str) -> Callable[[Use], tuple[str, Form, Use] | None]:
    """What makes a use of an op from a use of a function that was called with named arguments."""
    short = function.rpartition(".")[2]

    def call(use: Use) -> tuple[str, Form, Use] | None:
        if short == "getitem":
            return "get_item", {"key": _key(use["kwargs"]["slice_spec"])}, {"args": use["args"], "kwargs": {}}
        return _op(short, use)

    return call


def _op(short: str, use: Use) -> tuple[str, Form, Use] | None:
    if short not in _FUNCTIONS:
        return None
    op, names = _FUNCTIONS[short]
    given = use["kwargs"]
    kwargs = {names[name]: value for name, value in given.items() if name in names and value is not None}
    args = use["args"]
    if short == "matmul" and (given.get("transpose_a") or given.get("transpose_b")):
        left, right = ("ji" if given.get("transpose_a") else "ij"), ("kj" if given.get("transpose_b") else "jk")
        subscripts = f"...{left},...{right}->...ik"
        return "einsum", {"subscripts": subscripts}, {"args": [*args, kwargs["x2"]], "kwargs": {}}
    if short == "pad":
        kwargs["mode"] = str(given.get("mode") or "constant").lower()
        if kwargs["mode"] != "constant":
            kwargs.pop("constant_values", None)
    if short == "split" and isinstance(kwargs["indices_or_sections"], list):
        kwargs["indices_or_sections"] = list(itertools.accumulate(kwargs["indices_or_sections"]))[:-1]
    if short == "gather":
        kwargs.setdefault("axis", 0)
    return op, {}, {"args": args, "kwargs": kwargs}


def _key(spec: Any) -> Any:
    """What stands in brackets: numbers, slices, dots."""
    if isinstance(spec, list):
        return [_key(item) for item in spec]
    if isinstance(spec, dict) and set(spec) == set(_SLICE):
        return {"class_name": "__slice__", "config": spec}
    return {"class_name": "__ellipsis__", "config": {}} if spec in ("...", "Ellipsis") else spec


def _from_node(node: Form, constants: Form) -> Callable[[Use], tuple[str, Form, Use] | None]:
    """What makes a use of an op from a node of TensorFlow's graph; some of its inputs are constants."""
    attributes = {name: next(iter(value.values()), None) for name, value in (node.get("attr") or {}).items()}
    kind = node["op"]

    def call(use: Use) -> tuple[str, Form, Use] | None:
        tensors = use["args"][0] if isinstance(use["args"][0], list) else use["args"]
        inputs, rest = [], list(tensors)
        for i in range(len(tensors) + len(constants)):
            inputs.append(constants[str(i)] if str(i) in constants else rest.pop(0))
        if kind == "ConcatV2":
            return "concatenate", {}, {"args": [inputs[:-1]], "kwargs": {"axis": inputs[-1]}}
        if kind == "Pack":
            return "stack", {}, {"args": [inputs], "kwargs": {"axis": int(attributes.get("axis") or 0)}}
        if kind == "StridedSlice":
            return "get_item", {"key": _strided(inputs[1:], attributes)}, {"args": inputs[:1], "kwargs": {}}
        short, names = _NODES.get(kind, (kind.lower(), ("y",) if len(inputs) > 1 else ()))
        kwargs = dict(zip(names, inputs[1:], strict=False))
        if "keep_dims" in attributes:
            kwargs["keepdims"] = bool(attributes["keep_dims"])
        if kind == "Squeeze":
            kwargs["axis"] = [int(i) for i in (attributes.get("squeeze_dims") or {}).get("i", [])] or None
        if kind == "Cast":
            kwargs["dtype"] = _DTYPES.get(str(attributes.get("DstT")))
        kwargs["transpose_a"] = attributes.get("transpose_a") or attributes.get("adj_x")
        kwargs["transpose_b"] = attributes.get("transpose_b") or attributes.get("adj_y")
        return _op(short, {"args": inputs[:1], "kwargs": kwargs})

    return call


def _strided(bounds: list[Any], attributes: Form) -> list[Any]:
    """The slices of a StridedSlice, whose masks say which bounds do not hold, axis by axis."""
    masks = {name: int(attributes.get(f"{name}_mask") or 0) for name in ("begin", "end", "ellipsis", "new_axis")}
    shrink = int(attributes.get("shrink_axis_mask") or 0)
    key: list[Any] = []
    for i, (start, stop, step) in enumerate(zip(*bounds, strict=True)):
        bit = 1 << i
        if masks["ellipsis"] & bit:
            key.append({"class_name": "__ellipsis__", "config": {}})
        elif masks["new_axis"] & bit:
            key.append(None)
        elif shrink & bit:
            key.append(start)
        else:
            found = (None if masks["begin"] & bit else start, None if masks["end"] & bit else stop, step)
            key.append({"class_name": "__slice__", "config": dict(zip(_SLICE, found, strict=True))})
    return key
