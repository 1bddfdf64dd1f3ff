"""Single things of Keras 1 and 2 that stood beside what programs use, and that some use all the same."""

import json

from tricera import layers, metrics, models, ops
from tricera.callbacks import Callback
from tricera.legacy.backend import arrays
from tricera.regularizers import Regularizer


class BaseLogger(Callback):
    """Nothing to do: it made means of the losses of batches, which are means already."""

    def __init__(self, stateful_metrics=None):
        super().__init__()


class EigenvalueRegularizer(Regularizer):
    """`k` times the square root of the largest eigenvalue of `W'W`, by nine steps of the power method."""

    def __init__(self, k):
        self.k = k

    def __call__(self, x):
        square = ops.matmul(ops.transpose(x), x)
        vector = ops.ones((x.shape[1], 1), x.dtype)
        for _ in range(9):
            vector = ops.matmul(square, vector)
        value = ops.matmul(ops.transpose(ops.matmul(square, vector)), vector) / ops.sum(vector * vector)
        return ops.squeeze(value**0.5 * self.k)


def clip_norm(g, c, n):
    """A gradient, at most of norm `c`, where `n` is the norm of all."""
    return g if c <= 0 else ops.where(n >= c, g * c / n, g)


def clone_metric(metric):
    """A metric of the same configuration; what is no object stays."""
    return metric.__class__.from_config(metric.get_config()) if isinstance(metric, metrics.Metric) else metric


def clone_metrics(metrics):
    """A copy of each metric, in the list or dict that they stand in."""
    if isinstance(metrics, dict):
        return {name: clone_metric(metric) for name, metric in metrics.items()}
    return [clone_metric(metric) for metric in metrics]


def layer_from_config(config, custom_objects=None):
    """A layer from its configuration."""
    return layers.deserialize(config, custom_objects)


def model_from_config(config, custom_objects=None):
    """A model from its configuration, whose class it names."""
    return models.model_from_json(json.dumps(config), custom_objects)


def time_distributed_dense(x, w, b=None, dropout=None, input_dim=None, output_dim=None, timesteps=None, training=None):
    """`x w + b` at each step of a sequence."""
    if dropout:
        x = layers.Dropout(dropout, noise_shape=(None, 1, None))(x, training=training)
    product = arrays.dot(x, w)
    return product if b is None else product + b
