"""The two other modes of Keras 1's BatchNormalization."""

import jax.numpy as jnp

from tricera.engine.registry import register
from tricera.layers.norm import BatchNormalization


@register("layer")
class SampleNormalization(BatchNormalization):
    """`gamma * (x - mean) / (std + epsilon) + beta` over the last axis of each example: Keras 1's `mode=1`.

    The moving averages are there, as in the files, and not used.
    """

    def call(self, inputs, training=None, mask=None):
        x = inputs - jnp.mean(inputs, -1, keepdims=True)
        x = x / (jnp.sqrt(jnp.mean(jnp.square(x), -1, keepdims=True) + self.epsilon) + self.epsilon)
        return self._rescale(x)


@register("layer")
class BatchStatisticsNormalization(BatchNormalization):
    """Normalizes by the batch, in training and otherwise: Keras 1's `mode=2`."""

    def call(self, inputs, training=None, mask=None):
        return self._normalize(inputs, *self._moments(inputs, None))
