"""Tricera: Keras as one compiled engine. `import tricera as keras` gives the API of Keras 3, on JAX alone."""

import gc

from tricera import machine

_collecting = gc.isenabled()
gc.disable()  # one full collection among JAX's objects takes a third of the time of this import

machine.prepare()  # before the first array is made

from tricera import (  # noqa: E402
    activations,
    applications,
    backend,
    callbacks,
    config,
    constraints,
    data,
    datasets,
    distillation,
    dtype_policies,
    errors,
    export,
    initializers,
    layers,
    losses,
    metrics,
    mixed_precision,
    model_selection,
    models,
    ops,
    optimizers,
    preprocessing,
    quantizers,
    random,
    regularizers,
    saving,
    tree,
    utils,
    visualization,
    wrappers,
)
from tricera.alias import install  # noqa: E402
from tricera.alias.notebook import load_ipython_extension, unload_ipython_extension  # noqa: E402, F401
from tricera.engine.dtypes import DTypePolicy, FloatDTypePolicy  # noqa: E402
from tricera.engine.graph import Function, KerasTensor  # noqa: E402
from tricera.engine.inputs import InputSpec  # noqa: E402
from tricera.engine.layer import Layer  # noqa: E402
from tricera.engine.variable import Variable  # noqa: E402
from tricera.initializers import Initializer  # noqa: E402
from tricera.layers import Input  # noqa: E402
from tricera.losses import Loss  # noqa: E402
from tricera.metrics import Metric  # noqa: E402
from tricera.models import Model, Sequential  # noqa: E402
from tricera.ops.operation import Operation  # noqa: E402
from tricera.optimizers import Optimizer  # noqa: E402
from tricera.quantizers import Quantizer  # noqa: E402
from tricera.regularizers import Regularizer  # noqa: E402
from tricera.transform.blocks import StatelessScope, SymbolicScope, device, name_scope  # noqa: E402
from tricera.transform.remat import RematScope, remat  # noqa: E402
from tricera.visualization.report import report  # noqa: E402

__version__ = "0.1.0"  # the generation's, once `install` lets `keras` mean this


def version():
    """The version of Keras whose API this is."""
    return "3.15.1"


__all__ = [
    "DTypePolicy",
    "FloatDTypePolicy",
    "Function",
    "Initializer",
    "Input",
    "InputSpec",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Operation",
    "Optimizer",
    "Quantizer",
    "Regularizer",
    "RematScope",
    "Sequential",
    "StatelessScope",
    "SymbolicScope",
    "Variable",
    "activations",
    "applications",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "data",
    "datasets",
    "device",
    "distillation",
    "dtype_policies",
    "export",
    "initializers",
    "install",
    "layers",
    "losses",
    "metrics",
    "mixed_precision",
    "model_selection",
    "models",
    "name_scope",
    "ops",
    "optimizers",
    "preprocessing",
    "quantizers",
    "random",
    "regularizers",
    "remat",
    "report",
    "saving",
    "tree",
    "utils",
    "version",
    "visualization",
    "wrappers",
]

if _collecting:
    gc.enable()

__getattr__ = errors.missing(__name__, globals())
