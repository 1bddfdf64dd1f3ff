"""The losses and metrics that `compile` was given, paired with a model's outputs by place, by name or by nesting."""

from tricera.train.compiled.loss import CompiledLoss
from tricera.train.compiled.metrics import CompiledMetrics
from tricera.train.compiled.outputs import by_leaf, by_output, flat, names_of, sketch

__all__ = ["CompiledLoss", "CompiledMetrics", "by_leaf", "by_output", "flat", "names_of", "sketch"]
