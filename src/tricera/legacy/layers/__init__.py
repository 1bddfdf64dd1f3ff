"""Layers of Keras 1 and 2 that are only found by old code: no file names them."""

from tricera.engine.inputs import where
from tricera.engine.layer import Layer
from tricera.errors import report


class Recurrent(Layer):
    """What recurrent layers had in common in Keras 1: it holds their arguments, and computes nothing.

    Raises:
        NotImplementedError: it is called.
    """

    def __init__(self, return_sequences=False, go_backwards=False, stateful=False, **kwargs):
        super().__init__(**kwargs)
        self.return_sequences, self.go_backwards, self.stateful = return_sequences, go_backwards, stateful

    def call(self, inputs):
        """Raise: the step is the subclass'."""
        raise NotImplementedError(
            report(
                f"{where(self)} is only the base of recurrent layers.",
                fix="use SimpleRNN, LSTM or GRU, or `RNN(cell)` with a cell that computes one step.",
            )
        )


class ConvRecurrent2D(Recurrent):
    """The same, of recurrent layers that convolve."""

    def __init__(
        self,
        filters=None,
        kernel_size=None,
        strides=(1, 1),
        padding="valid",
        data_format=None,
        dilation_rate=(1, 1),
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.strides = filters, kernel_size, strides
        self.padding, self.data_format, self.dilation_rate = padding, data_format, dilation_rate
