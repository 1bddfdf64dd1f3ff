"""Policies of 16-bit computation."""

from tricera.config import dtype_policy as dtype_policy
from tricera.config import dtype_policy as global_policy
from tricera.config import set_dtype_policy as set_dtype_policy
from tricera.config import set_dtype_policy as set_global_policy
from tricera.engine.dtypes import DTypePolicy as DTypePolicy
from tricera.engine.dtypes import DTypePolicy as Policy
from tricera.optimizers import LossScaleOptimizer as LossScaleOptimizer

__all__ = ["DTypePolicy", "LossScaleOptimizer", "Policy", "dtype_policy", "global_policy", "set_global_policy"]
