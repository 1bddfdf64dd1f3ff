"""Whole models quantized."""

from typing import Any

from tricera import expressions
from tricera.errors import report
from tricera.quantizers import AWQConfig, GPTQConfig
from tricera.transform.quantize.calibration import calibrate
from tricera.transform.quantize.layer import Quantizable, resolved


def quantize_model(model: Any, mode: Any, config: Any, filters: Any = None, type_check: bool = True) -> None:
    """Quantize every layer in a model that can be, and is not yet.

    Args:
        filters: which layers: a function of one, or a pattern of names, or a list of patterns.

    Raises:
        ValueError: `filters` is none of these; or what GPTQ and AWQ need is not there.
    """
    config = resolved(mode, config)
    if not (filters is None or callable(filters) or isinstance(filters, str | list | tuple)):
        what = "The `filters` argument must be a regex string, a list of regex strings, or a callable."
        raise ValueError(report(what, got=repr(filters)))

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
