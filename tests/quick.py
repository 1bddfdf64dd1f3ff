"""What a suite does thousands of times, in less time than usual."""

import functools

import jax

from tricera.engine import naming

# Programs that run once: the compiler makes little effort, which takes it half the time, and numbers are the same.
jit = functools.partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})


def forget_names(keras):
    """Count names from the beginning, in Keras and in Tricera; memory is not searched, which takes a second or two."""
    keras.backend.clear_session(free_memory=False)
    naming.reset()
