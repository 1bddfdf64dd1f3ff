"""What the process keeps beyond models: names, seeds, programs."""

import gc

from tricera.engine import naming
from tricera.engine.random import reset_global_seed_generator
from tricera.train import programs


def clear_session(free_memory: bool = True) -> None:
    """Start anew: names count from the beginning, compiled programs and the process' seed generator are dropped."""
    naming.reset()
    reset_global_seed_generator()
    programs.forget()
    if free_memory:
        gc.collect()
