"""What scripts say to TensorFlow around the computation: devices, names, printing, strategies, tests."""

import contextlib
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp
from jax import tree_util

from tricera.engine import scope, tracking
from tricera.legacy.tensorflow import config, tensor


def executing_eagerly() -> bool:
    """Whether a line is computed when it is reached: yes, but where a program is being compiled."""
    return scope.current().values is None


@contextlib.contextmanager
def device(device_name: Any) -> Iterator[None]:
    """A block, whose device JAX decides."""
    yield


@contextlib.contextmanager
def name_scope(name: str) -> Iterator[str]:
    """A block with a name, which nothing here asks for."""
    yield f"{name}/"


@contextlib.contextmanager
def control_dependencies(control_inputs: Any) -> Iterator[None]:
    """A block: what stands before it is computed before it anyway, as far as it matters."""
    yield


def print(*inputs: Any, output_stream: Any = None, summarize: int = 3, sep: str = " ", end: str = "\n") -> None:
    """Print, also each time that a compiled program comes here."""
    stream = sys.stderr if output_stream is None else output_stream

    def show(*values: Any) -> None:
        stream.write(sep.join(map(str, values)) + end)

    if any(isinstance(x, jax.core.Tracer) for x in tree_util.tree_leaves(inputs)):
        jax.debug.callback(show, *inputs)
    else:
        show(*inputs)


def numpy_function(func: Callable, inp: Any, Tout: Any = None, stateful: bool = True, name: str | None = None) -> Any:
    """What a function of NumPy arrays returns."""
    found = func(*map(np.asarray, inp))
    one = not isinstance(found, list | tuple)
    kinds = [Tout] * len(found) if isinstance(Tout, str) and not one else ([Tout] if one else Tout)
    made = [tensor.convert_to_tensor(x, kind) for x, kind in zip([found] if one else found, kinds, strict=True)]
    return made[0] if one else made


def py_function(func: Callable, inp: Any, Tout: Any = None, name: str | None = None) -> Any:
    """What a function of tensors returns, whatever Python it is made of."""
    return numpy_function(lambda *arrays: func(*map(jnp.asarray, arrays)), inp, Tout)


def get_logger() -> logging.Logger:
    """Python's logger `tensorflow`."""
    return logging.getLogger("tensorflow")


def no_op(name: str | None = None) -> None:
    """Nothing."""


def group(*inputs: Any, **kwargs: Any) -> None:
    """Nothing: its inputs have been computed."""


def ensure_shape(x: Any, shape: Any, name: str | None = None) -> Any:
    """`x` itself, whose shape is known."""
    return x


# ---- namespaces


class test:
    """`tf.test`."""

    @staticmethod
    def is_gpu_available(*args: Any, **kwargs: Any) -> bool:
        """Whether there is a GPU."""
        return bool(config.list_physical_devices("GPU"))

    @staticmethod
    def gpu_device_name() -> str:
        """The first GPU, or nothing."""
        gpus = config.list_logical_devices("GPU")
        return gpus[0].name if gpus else ""

    is_built_with_cuda = is_built_with_gpu_support = is_gpu_available


class Strategy:
    """Stands for a way to spread the work over devices: here over one."""

    num_replicas_in_sync = 1

    def __init__(self, *args: Any, **kwargs: Any):
        pass

    @contextlib.contextmanager
    def scope(self) -> Iterator["Strategy"]:
        """A block in which a model is made."""
        yield self

    def run(self, fn: Callable, args: Any = (), kwargs: Any = None, options: Any = None) -> Any:
        """`fn(*args)`."""
        return fn(*args, **(kwargs or {}))

    def reduce(self, reduce_op: Any, value: Any, axis: int | None = None) -> Any:
        """The value of the only device."""
        return value if axis is None else jnp.asarray(value).sum(axis)

    def experimental_distribute_dataset(self, dataset: Any, options: Any = None) -> Any:
        """The data set itself."""
        return dataset

    def experimental_local_results(self, value: Any) -> tuple[Any]:
        """The value of the only device."""
        return (value,)


class distribute:
    """`tf.distribute`: one device; `keras.distribution` spreads a model over several."""

    Strategy = MirroredStrategy = OneDeviceStrategy = Strategy

    class ReduceOp:
        """Names of ways to reduce."""

        SUM, MEAN = "SUM", "MEAN"

    @staticmethod
    def get_strategy() -> Strategy:
        """The strategy."""
        return Strategy()


class debugging:
    """`tf.debugging`."""

    @staticmethod
    def set_log_device_placement(log_device_placement: bool) -> None:
        """Says nothing here."""

    @staticmethod
    def enable_check_numerics(*args: Any, **kwargs: Any) -> None:
        """Let JAX stop at the first NaN."""
        jax.config.update("jax_debug_nans", True)

    @staticmethod
    def assert_equal(
        x: Any, y: Any, message: str | None = None, summarize: int | None = None, name: Any = None
    ) -> None:
        """Raise AssertionError where two tensors differ."""
        np.testing.assert_array_equal(x, y, message or "")

    @staticmethod
    def assert_near(x: Any, y: Any, rtol: float = 1e-5, atol: float = 1e-5, message: str | None = None) -> None:
        """Raise AssertionError where two tensors are not nearly equal."""
        np.testing.assert_allclose(x, y, rtol, atol, err_msg=message or "")


class autograph:
    """`tf.autograph`: nothing is rewritten here."""

    class experimental:
        """`tf.autograph.experimental`."""

        do_not_convert = staticmethod(lambda func=None, **kwargs: func if func is not None else (lambda f: f))

    set_verbosity = staticmethod(lambda *args: None)


# ---- objects


class Module:
    """An object whose attributes are variables and modules."""

    tracked_as = "module"

    def __init__(self, name: str | None = None):
        self.name = name or type(self).__name__.lower()

    @property
    def submodules(self) -> tuple[Any, ...]:
        """The modules and layers inside, at any depth."""
        direct = [*tracking.held(self, "module"), *tracking.held(self, "layer")]
        deeper = (inner for each in direct if isinstance(each, Module) for inner in each.submodules)
        return tuple(tracking.unique([*direct, *deeper]))

    @property
    def variables(self) -> tuple[Any, ...]:
        """The variables of it and of all inside."""
        inside = (v for each in self.submodules for v in each.variables)
        return tuple(tracking.unique([*tracking.held(self, "variable"), *inside]))

    @property
    def trainable_variables(self) -> tuple[Any, ...]:
        """Those that training changes."""
        return tuple(v for v in self.variables if v.trainable)


class TensorArray:
    """A list of tensors that is written place by place."""

    def __init__(self, dtype: Any, size: int = 0, dynamic_size: bool = False, *args: Any, **kwargs: Any):
        self.dtype, self._items = dtype, [None] * int(size)

    def write(self, index: Any, value: Any) -> "TensorArray":
        """Put a tensor into a place."""
        place = int(index)
        self._items += [None] * (place + 1 - len(self._items))
        self._items[place] = tensor.convert_to_tensor(value)
        return self

    def read(self, index: Any) -> Any:
        """The tensor in a place."""
        return self._items[int(index)]

    def size(self) -> Any:
        """The number of places."""
        return jnp.asarray(len(self._items))

    def stack(self) -> Any:
        """The tensors as one."""
        return jnp.stack(self._items)

    def concat(self) -> Any:
        """The tensors one after the other."""
        return jnp.concatenate(self._items)

    def unstack(self, value: Any) -> "TensorArray":
        """Put the rows of a tensor into the places."""
        self._items = list(tensor.convert_to_tensor(value))
        return self
