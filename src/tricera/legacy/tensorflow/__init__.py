"""What scripts for Keras use of TensorFlow, computed by JAX: the module `tensorflow` where that is not installed."""

import importlib
import pkgutil
from typing import Any

from tricera.legacy.tensorflow import data, tensor
from tricera.legacy.tensorflow.engine import steps
from tricera.optimizers import Optimizer

__version__ = "2.16.1"  # the first whose `tf.keras` was Keras 3; scripts compare it

# By module of this package: the names that are in `tf` itself.
NAMES = {
    "arrange": "argsort boolean_mask broadcast_to concat cond einsum expand_dims fill gather gather_nd identity "
    "linspace map_fn meshgrid one_hot ones ones_like pad range rank repeat reshape reverse roll scan scatter_nd "
    "searchsorted sequence_mask shape size slice sort split squeeze stack stop_gradient tensor_scatter_nd_add "
    "tensor_scatter_nd_update tensordot tile transpose unique unstack vectorized_map where while_loop zeros zeros_like",
    "engine.program": "function",
    "host": "Module TensorArray autograph control_dependencies debugging device distribute ensure_shape "
    "executing_eagerly get_logger group name_scope no_op numpy_function print py_function test",
    "linalg": "eye matmul norm",
    "math": "abs acos acosh add add_n argmax argmin asin asinh atan atan2 atanh cast clip_by_global_norm clip_by_norm "
    "clip_by_value cos cosh cumsum divide equal exp floor greater greater_equal less less_equal logical_and "
    "logical_not logical_or maximum minimum multiply negative not_equal pow reduce_all reduce_any reduce_logsumexp "
    "reduce_max reduce_mean reduce_min reduce_prod reduce_sum round saturate_cast sigmoid sign sin sinh sqrt square "
    "subtract tan tanh truediv",
    "engine.tape": "GradientTape",
    "tensor": "DType Tensor TensorShape TensorSpec Variable as_dtype bfloat16 bool complex128 complex64 constant "
    "convert_to_tensor double float16 float32 float64 half int16 int32 int64 int8 is_tensor newaxis string uint16 "
    "uint32 uint64 uint8",
}
MODULES = ("compat", "config", "data", "image", "io", "linalg", "math", "nn", "random", "train")
_HOME = {name: module for module, names in NAMES.items() for name in names.split()}
# Names that are those of Tricera, or of one of its modules; of classes under another name.
_ELSEWHERE = {
    "custom_gradient": "tricera.ops.custom_gradient",
    "dtypes": "tricera.legacy.tensorflow.tensor",
    "initializers": "tricera.initializers",
    "keras": "tricera",
    "losses": "tricera.losses",
    "metrics": "tricera.metrics",
    "ones_initializer": "tricera.initializers.Ones",
    "optimizers": "tricera.optimizers",
    "random_normal_initializer": "tricera.initializers.RandomNormal",
    "random_uniform_initializer": "tricera.initializers.RandomUniform",
    "zeros_initializer": "tricera.initializers.Zeros",
}


def __getattr__(name: str) -> Any:
    """Names are imported when they are asked for: a script needs few of them."""
    if name in MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    if name in _ELSEWHERE:
        return pkgutil.resolve_name(_ELSEWHERE[name])
    if not name.startswith("_"):
        compat = importlib.import_module(f"{__name__}.compat")
        if name in compat.OLD:
            return getattr(compat, name)
    return _missing(name)


def __dir__() -> list[str]:
    return sorted({*_HOME, *MODULES, *_ELSEWHERE, "__version__"})


_missing = tensor.missing("tensorflow", [*_HOME, *MODULES, *_ELSEWHERE])


def minimize(self: Any, loss: Any, var_list: Any, tape: Any = None) -> Any:
    """A step of an optimizer against the gradients of a loss, as Keras 2's optimizers made one.

    Args:
        loss: a function without arguments; or, with the tape that saw it, its value.
        var_list: variables, or a function that gives them.
    """
    if tape is None:
        with __getattr__("GradientTape")() as tape:
            loss = loss()
    variables = var_list() if callable(var_list) else var_list
    return self.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))


Optimizer.minimize = minimize  # type: ignore[attr-defined]
tensor.graft()
data.show()
steps.install()
