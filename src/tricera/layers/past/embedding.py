"""Keras 1's Embedding that forgets words in training."""

import jax.numpy as jnp

from tricera import random
from tricera.engine.registry import register
from tricera.layers.arguments import check_fraction
from tricera.layers.embedding import Embedding


@register("layer")
class WordDropoutEmbedding(Embedding):
    """An Embedding that in training sets the vectors of some words to 0, wherever they stand, and enlarges the others.

    Args:
        dropout: the fraction of words.

    Reference: Gal and Ghahramani, 2015, arXiv:1512.05287.
    """

    def __init__(self, input_dim, output_dim, dropout=0.0, **kwargs):
        super().__init__(input_dim, output_dim, **kwargs)
        check_fraction(self, dropout=dropout)
        self.dropout, self.seed_generator = dropout, random.SeedGenerator()

    def call(self, inputs, training=None):
        outputs = super().call(inputs)
        if not training or not self.dropout:
            return outputs
        kept = random.dropout(jnp.ones(self.input_dim), self.dropout, seed=self.seed_generator)
        return outputs * kept[jnp.asarray(inputs, "int32")][..., None].astype(outputs.dtype)
