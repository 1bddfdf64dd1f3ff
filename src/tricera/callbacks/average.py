"""Looking at the moving averages of weights while the weights themselves are trained."""

from typing import Any

from tricera.callbacks.callback import Callback
from tricera.engine.configured import Remembering
from tricera.errors import report


class SwapEMAWeights(Callback, metaclass=Remembering):
    """Evaluate and predict with the moving averages that the optimizer keeps; train on with the weights.

    Args:
        swap_on_epoch: also between the end of an epoch and the beginning of the next, for callbacks that come after
            this one: a `ModelCheckpoint` then saves the averages.

    Raises:
        ValueError: the optimizer keeps no averages.
    """

    resumable = ("_weights",)

    def __init__(self, swap_on_epoch=False):
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._weights: list[Any] | None = None  # the weights, while the model has the averages

    def _averages(self) -> list[tuple[Any, Any]]:
        optimizer = self.model.optimizer
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        if not getattr(optimizer, "use_ema", False):
            raise ValueError(
                report(
                    "SwapEMAWeights must be used when `use_ema=True` is set on the optimizer.",
                    got=f"{type(optimizer).__name__}, which keeps no averages",
                    fix='`optimizer=keras.optimizers.Adam(use_ema=True)`, for "adam".',
                )
            )
        return optimizer.averages

    def _show(self) -> None:
        if self._weights is None:
            pairs = self._averages()
            self._weights = [variable.value for variable, _ in pairs]
            for variable, average in pairs:
                variable.assign(average.value)

    def _hide(self) -> None:
        if self._weights is not None:
            for (variable, _), weight in zip(self._averages(), self._weights, strict=True):
                variable.assign(weight)
            self._weights = None

    def on_train_begin(self, logs=None):
        self._averages()

    def on_epoch_begin(self, epoch, logs=None):
        self._hide()

    def on_epoch_end(self, epoch, logs=None):
        if self.swap_on_epoch:
            self._show()

    def on_train_end(self, logs=None):
        self._weights = None  # the averages are the weights now

    def on_test_begin(self, logs=None):
        self._show()

    def on_test_end(self, logs=None):
        self._hide()

    def on_predict_begin(self, logs=None):
        self._show()

    def on_predict_end(self, logs=None):
        self._hide()
