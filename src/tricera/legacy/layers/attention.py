"""The layer of the package `attention`, which old notes import beside Keras: found where that is not installed."""

from tricera import ops
from tricera.engine.layer import Layer
from tricera.errors import report
from tricera.layers import Dense

SCORES = ("luong", "bahdanau")


class Attention(Layer):
    """What the steps of a sequence say, weighed by how they match the last: `tanh(W [sum_s a_s h_s, h_last])`.

    The weights `a` are a softmax of the scores: `h_s A h_last`, or `v tanh(A h_last + B h_s)`.

    Shapes: `(batch, steps, features) -> (batch, units)`.

    Args:
        score: "luong" or "bahdanau", whose formulas those are.

    Raises:
        ValueError: another score.

    Reference: Luong et al., 2015, arXiv:1508.04025; Bahdanau et al., 2014, arXiv:1409.0473.
    """

    def __init__(self, units=128, score="luong", **kwargs):
        super().__init__(**kwargs)
        if score not in SCORES:
            raise ValueError(report("Attention: unknown score.", expected=" or ".join(SCORES), got=repr(score)))
        self.units, self.score = units, score

    def build(self, input_shape):
        features = input_shape[-1]
        self.vector = Dense(self.units, use_bias=False, activation="tanh", name="attention_vector")
        self.match = Dense(features if self.score == "luong" else self.units, use_bias=False, name="attention_match")
        if self.score == "bahdanau":
            self.match_last = Dense(self.units, use_bias=False, name="attention_match_last")
            self.weigh = Dense(1, use_bias=False, name="attention_weigh")

    def call(self, inputs):
        last = inputs[:, -1]
        if self.score == "luong":
            scores = ops.einsum("bsf,bf->bs", self.match(inputs), last)
        else:
            scores = self.weigh(ops.tanh(self.match(inputs) + self.match_last(last)[:, None]))[..., 0]
        context = ops.einsum("bs,bsf->bf", ops.softmax(scores), inputs)
        return self.vector(ops.concatenate([context, last], axis=-1))
