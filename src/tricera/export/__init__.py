"""What a model computes, for programs other than Keras: StableHLO and ONNX."""

from typing import Any

from tricera import errors
from tricera.disk import atomic as _atomic
from tricera.errors import report
from tricera.export.computation import Computation as _Computation
from tricera.export.computation import computation as _computation
from tricera.export.formats import FORMATS as _FORMATS
from tricera.export.formats import format_of as _format_of


def export_model(
    model: Any,
    filepath: Any,
    format: str | None = None,
    verbose: Any = None,
    input_signature: Any = None,
    **kwargs: Any,
) -> None:
    """Write what a model computes when it predicts, its weights included, and compare it on random inputs.

    Args:
        format: `"stablehlo"`, which `jax.export.deserialize` reads, or `"onnx"`; None: by the name, `.onnx` or not.
        verbose: whether a line says what was written.
        input_signature: the inputs, where the model does not say them: an `InputSpec` or a KerasTensor, or a list of
            them. An unknown size stays open.

    Raises:
        ValueError: another format; the model is not built; or what was written computes other numbers.
        ImportError: the library for ONNX is not installed.
    """
    write = _FORMATS[_format_of(filepath, format, kwargs)]
    computed: _Computation = _computation(model, input_signature)
    with _atomic.replacing(filepath) as fresh:
        fresh.write_bytes(write(computed))
    if verbose:
        print(f"{computed.label} was written to {filepath}, and computes there what it computes here.")


class ExportArchive:
    """In Keras the maker of SavedModel folders of TensorFlow; there are none here.

    Raises:
        NotImplementedError: always.
    """

    def __init__(self, format: str = "saved_model", **kwargs: Any):
        raise NotImplementedError(
            report(
                "ExportArchive writes SavedModel folders, which need TensorFlow.",
                fix='`model.export(filepath, format="stablehlo")`, or "onnx".',
            )
        )


__getattr__ = errors.missing(__name__, globals())
