import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests import quick
from tests.laws.table import KERAS_ROWS, leaves
from tricera.engine.random import set_random_seed


def _weighted(outputs):
    """A scalar that depends on every output, and on each differently."""
    return sum(jnp.vdot(leaf, jnp.cos(jnp.arange(leaf.size, dtype="float32")).reshape(leaf.shape)) for leaf in outputs)


def _gradients(layer, arguments, **kwargs):
    trainable = [jnp.asarray(v.value) for v in layer.trainable_variables]
    others = [jnp.asarray(v.value) for v in layer.non_trainable_variables]
    floats = [x for x in jax.tree_util.tree_leaves(arguments) if x.dtype == "float32"]
    structure = jax.tree_util.tree_structure(arguments)

    def loss(trainable, floats):
        filled = jax.tree_util.tree_unflatten(structure, floats) if floats else arguments
        outputs, others_after = layer.stateless_call(trainable, others, *filled, **kwargs)
        return _weighted(jax.tree_util.tree_leaves(outputs)), (outputs, others_after)

    gradients, (outputs, after) = quick.jit(jax.grad(loss, (0, 1), has_aux=True))(trainable, floats)
    return [*leaves(outputs), *leaves(gradients), *leaves(after)]


@pytest.mark.parametrize("row", KERAS_ROWS, ids=str)
def test_weights_outputs_losses_and_gradients_are_those_of_keras(row, keras):
    both = []
    quick.forget_names(keras)
    for namespace, seed in ((None, set_random_seed), (keras.layers, keras.utils.set_random_seed)):
        seed(3)
        layer = row.make(namespace) if namespace else row.make()
        layer(*row.arguments())
        both.append(layer)
    ours, theirs = both
    assert [(w.path, tuple(w.shape), str(w.dtype), w.trainable) for w in ours.weights] == [
        (w.path, tuple(w.shape), str(w.dtype), w.trainable) for w in theirs.weights
    ]
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=2e-7)
    np.testing.assert_allclose([float(x) for x in ours.losses], [float(x) for x in theirs.losses], rtol=1e-5)
    assert ours.supports_masking == theirs.supports_masking
    for one, other in zip(leaves(ours(*row.arguments())), leaves(theirs(*row.arguments())), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=1e-5)
    training = {"training": True} if "training" in inspect.signature(theirs.call).parameters else {}
    results = [_gradients(layer, row.arguments(), **training) for layer in both]
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=1e-5)
