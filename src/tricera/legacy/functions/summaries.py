"""`layer_utils`, `vis_utils` and `test_utils` of Keras 1 and 2: what is said of layers, and how they are tried."""

import numpy as np

from tricera.engine import tracking
from tricera.engine.layer import Layer
from tricera.layers import Input, Wrapper
from tricera.legacy.functions.windows import convert_kernel
from tricera.models import Model, Sequential, summary


def count_params(weights):
    """The number of elements of all weights."""
    return sum(int(np.prod(weight.shape)) for weight in tracking.unique(weights))


def count_total_params(layers, layer_set=None):
    """The numbers of elements of the trainable weights of layers, and of the others."""
    trained = tracking.unique(weight for layer in layers for weight in layer.trainable_weights)
    others = tracking.unique(weight for layer in layers for weight in layer.non_trainable_weights)
    return count_params(trained), count_params(others)


def print_summary(model, line_length=None, positions=None, print_fn=None, **kwargs):
    """The table of a model's layers."""
    model = model if isinstance(model, Model) else Sequential(model)
    summary.print_summary(model, line_length=line_length, positions=positions, print_fn=print_fn)


def convert_all_kernels_in_model(model):
    """Turn the windows of all convolutions around, between the order of Theano and that of TensorFlow."""
    for layer in model._flatten_layers():
        if type(layer).__name__.startswith(("Conv", "SeparableConv", "LocallyConnected")) and layer.weights:
            layer.kernel.assign(convert_kernel(np.array(layer.kernel)))


def convert_dense_weights_data_format(dense, previous_feature_map_shape, target_data_format="channels_first"):
    """Put the rows of a Dense layer after Flatten in the order of the other data format."""
    kernel, *bias = dense.get_weights()
    if target_data_format == "channels_first":
        height, width, channels = previous_feature_map_shape
        rows = kernel.reshape(height, width, channels, -1).transpose(2, 0, 1, 3)
    else:
        channels, height, width = previous_feature_map_shape
        rows = kernel.reshape(channels, height, width, -1).transpose(1, 2, 0, 3)
    dense.set_weights([rows.reshape(kernel.shape), *bias])


def is_model(layer):
    """Whether a layer is a model."""
    return isinstance(layer, Model)


def is_wrapped_model(layer):
    """Whether a layer wraps a model."""
    return isinstance(layer, Wrapper) and isinstance(layer.layer, Model)


def get_test_data(
    num_train=1000,
    num_test=500,
    input_shape=(10,),
    output_shape=(2,),
    classification=True,
    num_classes=2,
    nb_train=None,
    nb_test=None,
    nb_class=None,
):
    """Random data to try a model on, `(x, y), (x, y)`: inputs near their class, or near a number that is the target."""
    num_train, num_test, num_classes = nb_train or num_train, nb_test or num_test, nb_class or num_classes
    count = num_train + num_test
    x = np.zeros((count, *input_shape), "float32")
    if classification:
        y = np.random.randint(0, num_classes, size=(count,))  # noqa: NPY002
        x += np.random.normal(0, 0.7, x.shape) + y.reshape(-1, *[1] * len(input_shape))  # noqa: NPY002
    else:
        near = 2 * np.random.random(count)  # noqa: NPY002
        y = np.tile(near.reshape(-1, *[1] * len(output_shape)), (1, *output_shape))
        x += np.random.normal(0, 0.7, x.shape) + near.reshape(-1, *[1] * len(input_shape))  # noqa: NPY002
    return (x[:num_train], y[:num_train]), (x[num_train:], y[num_train:])


def layer_test(
    layer_cls,
    kwargs=None,
    input_shape=None,
    input_dtype=None,
    input_data=None,
    expected_output=None,
    expected_output_dtype=None,
    fixed_batch_size=False,
    **others,
):
    """Try a layer: shapes, configuration, weights and training; the outputs are returned.

    Raises:
        AssertionError: something is not as it should be.
    """
    if input_data is None:
        input_data = 10 * np.random.random([np.random.randint(1, 4) if n is None else n for n in input_shape])  # noqa: NPY002
    input_shape = input_shape or input_data.shape
    dtype = input_dtype or str(np.asarray(input_data).dtype).replace("float64", "float32")
    input_data = np.asarray(input_data, dtype)
    layer: Layer = layer_cls(**(kwargs or {}))
    x = Input(batch_shape=tuple(input_shape) if fixed_batch_size else (None, *input_shape[1:]), dtype=dtype)
    model = Model(x, layer(x))
    found = model.predict(input_data, verbose=0)
    for size, known in zip(found.shape, layer.compute_output_shape(tuple(input_shape)), strict=True):
        assert known is None or known == size
    if expected_output is not None:
        np.testing.assert_allclose(found, expected_output, rtol=1e-3, atol=1e-6)
    again = Model.from_config(model.get_config(), {layer_cls.__name__: layer_cls})
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(again.predict(input_data, verbose=0), found, rtol=1e-3, atol=1e-6)
    if model.trainable_weights:
        model.compile("rmsprop", "mse")
        model.train_on_batch(input_data, found)
    return found


def keras_test(func):
    """The test itself: nothing is left over from one to the next."""
    return func
