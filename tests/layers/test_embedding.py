import jax.numpy as jnp
import numpy as np

from tricera import layers
from tricera.engine.masking import get_mask


def test_an_embedding_begins_with_given_weights():
    table = np.arange(12.0).reshape(4, 3)
    for weights in (table, [table]):
        np.testing.assert_array_equal(layers.Embedding(4, 3, weights=weights)(jnp.asarray([2, 0])), table[[2, 0]])


def test_index_0_is_masked_where_it_is_padding():
    y = layers.Embedding(4, 3, mask_zero=True)(jnp.asarray([[2, 0]]))
    np.testing.assert_array_equal(get_mask(y), [[True, False]])
    assert get_mask(layers.Embedding(4, 3)(jnp.asarray([[2, 0]]))) is None


def test_large_float_indices_stay_exact_in_16_bits():
    layer = layers.Embedding(
        5000, 1, embeddings_initializer=lambda shape, dtype: jnp.arange(5000.0)[:, None], dtype="mixed_float16"
    )
    assert layer(jnp.asarray([4097.0])).astype("float32").item() == np.float16(4097)


def test_a_reversible_embedding_reads_backwards(keras):
    ours, theirs = (
        layers.ReversibleEmbedding(4, 3, logit_soft_cap=2.0),
        keras.layers.ReversibleEmbedding(4, 3, logit_soft_cap=2.0),
    )
    ids, x = np.array([[2, 0]]), np.ones((1, 2, 3), "float32")
    ours(ids), theirs(ids)
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(ours(x, reverse=True), theirs(x, reverse=True), rtol=1e-5)


def test_a_reversible_embedding_masks_its_way_forward_alone():
    layer = layers.ReversibleEmbedding(3, 2, mask_zero=True)
    assert get_mask(layer(np.array([[2, 0]]))).tolist() == [[True, False]]
    assert get_mask(layer(np.array([[[1.0, 2.0], [0.0, 0.0]]]), reverse=True)) is None
