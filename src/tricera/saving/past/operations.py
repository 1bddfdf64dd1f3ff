"""TensorFlow's functions in graphs of tf.keras, as operations of `keras.ops`."""

import inspect
import itertools
import json
from collections.abc import Callable
from typing import Any

from tricera.errors import report
from tricera.saving.past import functions

Form = dict[str, Any]
Use = dict[str, Any]

KINDS = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer")

_POOL = {"ksize": "pool_size", "strides": "strides", "padding": "padding", "data_format": "data_format"}

# TensorFlow's functions: the op, and the op's names of their arguments after the first.
_ARGUMENTS = {
    "argmax": ("argmax", {"axis": "axis"}),
    "argmin": ("argmin", {"axis": "axis"}),
    "atan2": ("arctan2", {"x": "x2"}),
    "adjust_brightness": ("add", {"delta": "x2"}),
    "avg_pool": ("average_pool", _POOL),
    "avg_pool2d": ("average_pool", _POOL),
    "bias_add": ("add", {"bias": "x2"}),
    "broadcast_to": ("broadcast_to", {"shape": "shape"}),
    "cast": ("cast", {"dtype": "dtype"}),
    "clip_by_value": ("clip", {"clip_value_min": "x_min", "clip_value_max": "x_max"}),
    "conv2d": ("conv", {"filter": "kernel", "filters": "kernel", "dilations": "dilation_rate", **_POOL}),
    "count_nonzero": ("count_nonzero", {"axis": "axis"}),
    "cumprod": ("cumprod", {"axis": "axis"}),
    "depth_to_space": ("depth_to_space", {"block_size": "block_size"}),
    "det": ("det", {}),
    "diag_part": ("diagonal", {}),
    "embedding_lookup": ("take", {"ids": "indices"}),
    "ensure_shape": ("copy", {"shape": None}),
    "flip_left_right": ("flip", {}),
    "flip_up_down": ("flip", {}),
    "gelu": ("gelu", {"approximate": "approximate"}),
    "grayscale_to_rgb": ("repeat", {}),
    "inv": ("inv", {}),
    "log_softmax": ("log_softmax", {"axis": "axis"}),
    "max_pool": ("max_pool", _POOL),
    "max_pool2d": ("max_pool", _POOL),
    "norm": ("norm", {"ord": "ord", "axis": "axis", "keepdims": "keepdims"}),
    "rgb_to_grayscale": ("rgb_to_grayscale", {}),
    "roll": ("roll", {"shift": "shift", "axis": "axis"}),
    "space_to_depth": ("space_to_depth", {"block_size": "block_size"}),
    "tensordot": ("tensordot", {"b": "x2", "axes": "axes"}),
    "top_k": ("top_k", {"k": "k", "sorted": "sorted"}),
    "trace": ("trace", {}),
    "concat": ("concatenate", {"axis": "axis"}),
    "cumsum": ("cumsum", {"axis": "axis"}),
    "expand_dims": ("expand_dims", {"axis": "axis"}),
    "gather": ("take", {"indices": "indices", "axis": "axis"}),
    "l2_normalize": ("normalize", {"axis": "axis", "epsilon": "epsilon"}),
    "leaky_relu": ("leaky_relu", {"alpha": "negative_slope"}),
    "matmul": ("matmul", {"b": "x2"}),
    "one_hot": ("one_hot", {"depth": "num_classes", "axis": "axis", "dtype": "dtype"}),
    "pad": ("pad", {"paddings": "pad_width", "constant_values": "constant_values", "mode": None}),
    "repeat": ("repeat", {"repeats": "repeats", "axis": "axis"}),
    "reshape": ("reshape", {"shape": "newshape"}),
    "resize": ("resize", {"size": "size", "method": "interpolation", "antialias": "antialias"}),
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
_PLAIN = """abs:absolute acos:arccos acosh:arccosh asin:arcsin asinh:arcsinh atan:arctan atanh:arctanh ceil cos cosh
    elu erf erfinv exp expm1 floor identity:copy is_finite:isfinite is_inf:isinf is_nan:isnan log log1p log_sigmoid
    logical_not negative reciprocal relu relu6 round rsqrt selu sigmoid sign silu sin sinh softplus softsign sqrt square
    stop_gradient swish:silu tan tanh"""
_OF_TWO = """add divide divide_no_nan equal floor_div:floor_divide floordiv:floor_divide floormod:mod greater
    greater_equal less less_equal logical_and logical_or logical_xor maximum minimum mod mul:multiply multiply not_equal
    pow:power sub:subtract subtract truediv:divide"""
_REDUCTIONS = "all any logsumexp max mean min prod std sum variance:var"

_FUNCTIONS: dict[str, tuple[str, dict[str, str]]] = dict(_ARGUMENTS)
for words, prefix, names in (
    (_PLAIN, "", {}),
    (_OF_TWO, "", {"y": "x2"}),
    ("ones_like zeros_like", "", {"dtype": "dtype"}),
    (_REDUCTIONS, "reduce_", {"axis": "axis", "keepdims": "keepdims"}),
):
    for word in words.split():
        theirs, _, ours = word.partition(":")
        _FUNCTIONS[prefix + theirs] = (ours or theirs, names)

# Functions that `keras.ops` has not: the names of their tensors after the first; the other arguments keep theirs.
_OWN = {
    "gather": {"indices": "indices"},
    "gather_nd": {"indices": "indices"},
    "sigmoid_cross_entropy_with_logits": {"logits": "output"},
    "softmax_cross_entropy_with_logits_v2": {"logits": "output"},
    "sparse_softmax_cross_entropy_with_logits": {"logits": "output"},
    "squared_difference": {"y": "x2"},
}
_ALIASES = {"tensor_diag_part": "diag_part", "matrix_diag": "diag", "matrix_diag_part": "diag_part"}
_SETTINGS: dict[str, Form] = {  # what TensorFlow does by default, or always, and the op does otherwise
    "diag_part": {"axis1": -2, "axis2": -1},
    "embedding_lookup": {"axis": 0},
    "flip_left_right": {"axis": -2},
    "flip_up_down": {"axis": -3},
    "gather": {"axis": 0},
    "gelu": {"approximate": False},
    "grayscale_to_rgb": {"repeats": 3, "axis": -1},
    "trace": {"axis1": -2, "axis2": -1},
}
_SPECIAL = {  # where a function has these arguments, it is one of the own ones
    "cumsum": ("exclusive", "reverse"),
    "gather": ("batch_dims",),
    "one_hot": ("on_value", "off_value"),
}
_SIZES = ("newshape", "num_classes", "pad_width", "repeats", "shape", "size")
_SILENT = (
    *("bad_indices_policy", "conjugate", "name", "out_type", "output_type", "partition_strategy"),
    *("transpose_a", "transpose_b", "use_cudnn_on_gpu", "validate_indices"),
)

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
        ValueError: there is no such function here, or not with such arguments.
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
                f"The graph's {name!r} is TensorFlow's function {function!r}, which has no counterpart here.",
                got=f"the arguments {', '.join(uses[0]['kwargs']) or 'of tensors alone'}",
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
    """The op, its settings and its use; None where there is none that does the same with these arguments."""
    given = {name: value for name, value in use["kwargs"].items() if value is not None}
    args = use["args"]
    if short in ("slice", "strided_slice", "crop_to_bounding_box"):
        return "get_item", {"key": _bounds(short, given)}, {"args": args, "kwargs": {}}
    short = _ALIASES.get(short, short)
    if short not in _FUNCTIONS or any(given.get(name) for name in _SPECIAL.get(short, ())):
        return _own(short, args, given)
    op, names = _FUNCTIONS[short]
    if any(value and name not in names and name not in _SILENT for name, value in given.items()):
        return None
    kwargs = {**_SETTINGS.get(short, {}), **{names[name]: v for name, v in given.items() if names.get(name)}}
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
    if short == "norm" and kwargs.get("ord") == "euclidean":
        del kwargs["ord"]
    if short == "reshape" and isinstance(kwargs["newshape"], list):  # a size that is computed is the only one unknown
        kwargs["newshape"] = [-1 if isinstance(size, dict) else size for size in kwargs["newshape"]]
    if op in ("average_pool", "conv", "max_pool"):
        kwargs = {name: _window(name, value) for name, value in kwargs.items()}
    if any(isinstance(kwargs.get(name), dict) for name in _SIZES):  # computed, which XLA does not know
        return None
    return op, {}, {"args": args, "kwargs": kwargs}


def _own(short: str, args: list[Any], given: Form) -> tuple[str, Form, Use] | None:
    """One of the functions that `keras.ops` has not."""
    if short not in functions.names():
        return None
    names = _OWN.get(short, {})
    own = functions.names()[short]
    known = inspect.signature(getattr(functions, own)).parameters
    kwargs = {names.get(name, name): value for name, value in given.items() if name not in _SILENT}
    if any(value and name not in known for name, value in kwargs.items()):
        return None
    return own, {}, {"args": args, "kwargs": {name: value for name, value in kwargs.items() if name in known}}


def _window(name: str, value: Any) -> Any:
    """Sizes without those of samples and channels; words as Keras has them."""
    if isinstance(value, str):
        return {"NHWC": "channels_last", "NCHW": "channels_first"}.get(value, value.lower())
    return value[1:-1] if name != "kernel" and isinstance(value, list) and len(value) == 4 else value


def _bounds(short: str, given: Form) -> list[Any]:
    """The slices that a function takes."""
    if short == "crop_to_bounding_box":
        top, left = given["offset_height"], given["offset_width"]
        ends = [None, top + given["target_height"], left + given["target_width"], None]
        bounds = list(zip([None, top, left, None], ends, [None] * 4, strict=True))
    elif short == "slice":
        pairs = zip(given["begin"], given["size"], strict=True)
        bounds = [(start, None if size == -1 else start + size, None) for start, size in pairs]
    else:
        steps = given.get("strides") or [1] * len(given["begin"])
        return _strided([given["begin"], given["end"], steps], given)
    return [{"class_name": "__slice__", "config": dict(zip(_SLICE, each, strict=True))} for each in bounds]


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
