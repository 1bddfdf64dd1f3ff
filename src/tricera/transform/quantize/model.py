"""Whole models quantized."""

from typing import Any

from tricera import expressions
from tricera.engine.inputs import where
from tricera.errors import ArgumentError, did_you_mean, report
from tricera.quantizers import AWQConfig, GPTQConfig
from tricera.transform.quantize.calibration import calibrate
from tricera.transform.quantize.layer import Quantizable, resolved


def quantize_model(
    model: Any, mode: Any, config: Any, filters: Any = None, type_check: bool = True, **unknown: Any
) -> None:
    """Quantize every layer in a model that can be, and is not yet.

    Args:
        filters: which layers: a function of one, or a pattern of names, or a list of patterns.

    Raises:
        ValueError: `filters` is none of these; what GPTQ and AWQ need is not there; or the model is not built yet.
    """
    if unknown:
        what = f"Unrecognized keyword arguments passed to {type(model).__name__}: {', '.join(map(repr, unknown))}."
        known = ("mode", "config", "filters", "type_check")
        raise ArgumentError(report(what, fix=did_you_mean(next(iter(unknown)), known) or f"{', '.join(known)}."))
    config = resolved(mode, config)
    if not (filters is None or callable(filters) or isinstance(filters, str | list | tuple)):
        what = "The `filters` argument must be a regex string, a list of regex strings, or a callable."
        raise ValueError(report(what, got=repr(filters)))

    if not model.built:
        raise ValueError(
            report(
                f"{where(model)}: Cannot quantize a layer that isn't yet built.",
                fix="call the model on data, or `model.build(input_shape)`, first.",
            )
        )

    def chosen(layer: Quantizable) -> bool:
        return layer.can_be(str(config.mode), type_check) and _chosen(layer, filters)

    if isinstance(config, GPTQConfig | AWQConfig):
        structure = config.quantization_layer_structure or model.get_quantization_layer_structure(config.mode)
        calibrate(structure, config, chosen)
        return
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, Quantizable) and chosen(layer):
            layer.quantize(config=config, type_check=type_check)


def _chosen(layer: Any, filters: Any) -> bool:
    if filters is None or callable(filters):
        return filters is None or bool(filters(layer))
    patterns = [filters] if isinstance(filters, str) else filters
    return any(expressions.search(pattern, layer.name) for pattern in patterns)
