"""Programs that run once: the compiler makes little effort, which takes it half the time, and numbers are the same."""

import functools

import jax

jit = functools.partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})
