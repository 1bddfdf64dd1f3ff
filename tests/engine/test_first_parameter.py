import numpy as np

from tricera import layers, models


def test_a_method_may_call_its_own_object_by_any_name():
    class Scale(layers.Layer):
        def build(me, input_shape):
            me.factor = me.add_weight(shape=(input_shape[-1],), initializer="ones")

        def call(this, x, training=False):
            return x * this.factor * (2 if training else 1)

    layer = Scale()
    np.testing.assert_array_equal(layer(np.ones((1, 2), "float32"), training=True), [[2, 2]])
    assert models.Sequential([layers.Input((2,)), layer]).output_shape == (None, 2)
