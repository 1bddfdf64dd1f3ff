"""keras.activations: by name, by configuration, or called."""

from tricera import errors
from tricera.engine import registry
from tricera.engine.registry import register
from tricera.ops import nn, numpy


@register("activation")
def linear(x):
    """`x`."""
    return x


@register("activation")
def relu(x, negative_slope=0.0, max_value=None, threshold=0.0):
    """`x` above `threshold`, `negative_slope * (x - threshold)` from it down, and never more than `max_value`."""
    if not negative_slope and not threshold:
        return _at_most(nn.relu(x), max_value)
    below = numpy.multiply(negative_slope, numpy.subtract(x, threshold))
    above = _at_most(x, max_value)
    return numpy.where(numpy.greater(x, threshold), above, below)


def _at_most(x, bound):
    return x if bound is None else numpy.minimum(x, bound)


@register("activation")
def relu6(x):
    """`min(max(x, 0), 6)`."""
    return nn.relu6(x)


@register("activation")
def leaky_relu(x, negative_slope=0.2):
    """`x` where positive, else `negative_slope * x`."""
    return nn.leaky_relu(x, negative_slope)


@register("activation")
def elu(x, alpha=1.0):
    """`x` where positive, else `alpha * (e^x - 1)`. Reference: Clevert et al., 2015, arXiv:1511.07289."""
    return nn.elu(x, alpha)


@register("activation")
def selu(x):
    """`scale * elu(x, alpha)`, which keeps mean 0 and variance 1; for `lecun_normal` kernels and `AlphaDropout`.

    Reference: Klambauer et al., 2017, arXiv:1706.02515.
    """
    return nn.selu(x)


@register("activation")
def celu(x, alpha=1.0):
    """`max(x, 0) + min(alpha * (e^(x / alpha) - 1), 0)`. Reference: Barron, 2017, arXiv:1704.07483."""
    return nn.celu(x, alpha)


@register("activation")
def gelu(x, approximate=False):
    """`x` times the probability that a normal number is less; with `tanh` where `approximate`.

    Reference: Hendrycks and Gimpel, 2016, arXiv:1606.08415.
    """
    return nn.gelu(x, approximate)


@register("activation")
def glu(x, axis=-1):
    """`a * sigmoid(b)`, of the two halves of `x` along `axis`. Reference: Dauphin et al., 2016, arXiv:1612.08083."""
    return nn.glu(x, axis)


@register("activation")
def sigmoid(x):
    """`1 / (1 + e^-x)`."""
    return nn.sigmoid(x)


@register("activation")
def log_sigmoid(x):
    """`log(sigmoid(x))`, safe from underflow."""
    return nn.log_sigmoid(x)


@register("activation")
def hard_sigmoid(x):
    """`min(max(x / 6 + 1 / 2, 0), 1)`."""
    return nn.hard_sigmoid(x)


@register("activation", "swish")
def silu(x):
    """`x * sigmoid(x)`. Reference: Ramachandran et al., 2017, arXiv:1710.05941."""
    return nn.silu(x)


swish = silu


@register("activation", "hard_swish")
def hard_silu(x):
    """`x * hard_sigmoid(x)`. Reference: Howard et al., 2019, arXiv:1905.02244."""
    return nn.hard_silu(x)


hard_swish = hard_silu


@register("activation")
def tanh(x):
    """`(e^x - e^-x) / (e^x + e^-x)`."""
    return numpy.tanh(x)


@register("activation")
def hard_tanh(x):
    """`min(max(x, -1), 1)`."""
    return nn.hard_tanh(x)


@register("activation")
def tanh_shrink(x):
    """`x - tanh(x)`."""
    return nn.tanh_shrink(x)


@register("activation")
def hard_shrink(x, threshold=0.5):
    """`x` where `|x| > threshold`, else 0."""
    return nn.hard_shrink(x, threshold)


@register("activation")
def soft_shrink(x, threshold=0.5):
    """`x` moved by `threshold` towards 0, and 0 where it would pass it."""
    return nn.soft_shrink(x, threshold)


@register("activation")
def threshold(x, threshold, default_value):
    """`x` where it is larger than `threshold`, else `default_value`."""
    return nn.threshold(x, threshold, default_value)


@register("activation")
def exponential(x):
    """`e^x`."""
    return numpy.exp(x)


@register("activation")
def softplus(x):
    """`log(1 + e^x)`."""
    return nn.softplus(x)


@register("activation")
def softsign(x):
    """`x / (1 + |x|)`."""
    return nn.softsign(x)


@register("activation")
def squareplus(x, b=4):
    """`(x + sqrt(x^2 + b)) / 2`. Reference: Barron, 2021, arXiv:2112.11687."""
    return nn.squareplus(x, b)


@register("activation")
def mish(x):
    """`x * tanh(softplus(x))`. Reference: Misra, 2019, arXiv:1908.08681."""
    return numpy.multiply(x, numpy.tanh(nn.softplus(x)))


@register("activation")
def sparse_plus(x):
    """0 up to -1, `x` from 1 on, `(x + 1)^2 / 4` between."""
    return nn.sparse_plus(x)


@register("activation")
def sparse_sigmoid(x):
    """0 up to -1, 1 from 1 on, `(x + 1) / 2` between."""
    return nn.sparse_sigmoid(x)


@register("activation")
def softmax(x, axis=-1):
    """`e^x / sum(e^x)` along `axis`, or along several together."""
    return nn.softmax(x, axis)


@register("activation")
def log_softmax(x, axis=-1):
    """`x - log(sum(e^x))` along `axis`."""
    return nn.log_softmax(x, axis)


@register("activation")
def sparsemax(x, axis=-1):
    """The distribution nearest to `x` along `axis`. Reference: Martins and Astudillo, 2016, arXiv:1602.02068."""
    return nn.sparsemax(x, axis)


def get(identifier):
    """The activation that a name, a configuration or a callable means; `linear` for None."""
    return linear if identifier is None else registry.resolve("activation", identifier)


def serialize(activation):
    """The name of an activation; the configuration of a layer or a function of one's own."""
    return registry.serialize(activation)


def deserialize(config, custom_objects=None):
    """The activation that `serialize` gave this for.

    Raises:
        ValueError: nothing has the name; the nearest name is suggested.
    """
    return linear if config is None else registry.deserialize(config, "activation", custom_objects)


__getattr__ = errors.missing(__name__, globals())
