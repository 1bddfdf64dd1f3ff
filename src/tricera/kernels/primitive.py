"""The class of JAX's primitives."""

from jax import lax

# Its public place, `jax.extend.core`, imports all of Pallas: a quarter of the time of `import tricera`.
Primitive = type(lax.add_p)
