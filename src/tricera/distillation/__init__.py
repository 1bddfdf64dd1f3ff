"""Distillation: a small model learns what a large one has learned."""

from tricera import errors
from tricera.distillation.distiller import Distiller
from tricera.distillation.loss import DistillationLoss, FeatureDistillation, LogitsDistillation

__all__ = ["DistillationLoss", "Distiller", "FeatureDistillation", "LogitsDistillation"]

__getattr__ = errors.missing(__name__, globals())
