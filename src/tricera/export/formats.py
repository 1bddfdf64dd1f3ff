"""The formats of exported models: each a function that makes the bytes of a file, and has compared them."""

import importlib.util
import os
from collections.abc import Callable
from typing import Any

import jax
from jax import export

from tricera.errors import did_you_mean, report
from tricera.export.computation import Computation

PLATFORMS = ("cpu", "cuda", "tpu")
_TENSORFLOW = ("tf_saved_model", "saved_model", "tf", "litert", "tflite", "openvino")


def stablehlo(computed: Computation) -> bytes:
    """A program of StableHLO, as JAX serializes it: read it by `jax.export.deserialize(data).call(*inputs)`."""
    if importlib.util.find_spec("flatbuffers") is None:
        raise ImportError(
            report("Exporting to StableHLO needs the library flatbuffers.", fix="`pip install 'tricera[export]'`.")
        )
    structs = _structs(computed)
    data = bytes(export.export(jax.jit(computed.function), platforms=PLATFORMS)(*structs).serialize())
    inputs = computed.samples()
    computed.compare(export.deserialize(bytearray(data)).call(*inputs), inputs, "the program of StableHLO")
    return data


def _structs(computed: Computation) -> list[jax.ShapeDtypeStruct]:
    scope = export.SymbolicScope()
    return [
        jax.ShapeDtypeStruct(_symbolic(shape, number, scope), dtype)
        for number, (shape, dtype) in enumerate(zip(computed.shapes, computed.dtypes, strict=True))
    ]


def _symbolic(shape: tuple[int | None, ...], number: int, scope: Any) -> Any:
    """A shape whose open sizes have names: the first axis' is the batch of all inputs."""
    names = [
        ("batch" if axis == 0 else f"size{number}_{axis}") if size is None else str(size)
        for axis, size in enumerate(shape)
    ]
    return export.symbolic_shape(",".join(names), scope=scope) if None in shape else shape


def onnx(computed: Computation) -> bytes:
    """A graph of ONNX, made by the library jax2onnx; compared through onnxruntime, where that is installed."""
    try:
        import jax2onnx
    except ImportError as error:
        raise ImportError(
            report("Exporting to ONNX needs the library jax2onnx.", fix="`pip install 'tricera[export]'`.")
        ) from error
    try:
        model = jax2onnx.to_onnx(computed.function, _structs(computed), model_name="model", return_mode="proto")
    except Exception as error:  # of many kinds, none of which names the model
        raise ValueError(
            report(f"{computed.label}: jax2onnx cannot convert it: {error!r}.", fix='`format="stablehlo"`.')
        ) from error
    data = model.SerializeToString()
    inputs = computed.samples()
    computed.compare(_run_onnx(data, inputs), inputs, "the graph of ONNX")
    return data


def _run_onnx(data: bytes, inputs: list[Any]) -> list[Any]:
    try:
        import onnxruntime
    except ImportError as error:
        raise ImportError(
            report("Comparing a graph of ONNX needs onnxruntime.", fix="`pip install 'tricera[export]'`.")
        ) from error
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    return session.run(None, dict(zip(names, inputs, strict=True)))


FORMATS: dict[str, Callable[[Computation], bytes]] = {"stablehlo": stablehlo, "onnx": onnx}


def format_of(filepath: Any, format: str | None, others: dict[str, Any]) -> str:
    """The format that is meant.

    Raises:
        ValueError: there is none of this name, or it needs TensorFlow.
    """
    if others:
        raise ValueError(report(f"`export` has no argument {next(iter(others))!r} for its formats here."))
    if format is None:
        return "onnx" if os.fspath(filepath).endswith(".onnx") else "stablehlo"
    if format in _TENSORFLOW:
        raise ValueError(
            report(
                f"The format {format!r} needs TensorFlow, and there is none here.",
                expected=" or ".join(map(repr, FORMATS)),
                fix='`format="stablehlo"` or "onnx"; or `model.save("m.keras")`, and export with Keras.',
            )
        )
    if format not in FORMATS:
        known = " or ".join(map(repr, FORMATS))
        raise ValueError(report(f"Unknown format {format!r}.", expected=known, fix=did_you_mean(format, FORMATS)))
    return format
