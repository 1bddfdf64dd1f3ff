"""What layers over images share, and over sequences and volumes: where their axes stand, and sizes along them."""

from collections.abc import Mapping, Sequence
from typing import Any

from tricera.engine.inputs import InputSpec
from tricera.engine.layer import Layer
from tricera.layers.arguments import adopt, check_choice, mistake, sizes

_AXES = {1: ("steps",), 2: ("height", "width"), 3: ("depth", "height", "width")}
_SIZES = {"kernel_size", "pool_size", "output_size", "size", "strides", "dilation_rate"}


class Spatial(Layer):
    """Base of the layers over `rank` spatial axes, before or after the channels: `class Conv2D(_Conv, rank=2)`."""

    rank: int
    data_format: str
    paddings: tuple[str, ...] = ("valid", "same")

    def __init_subclass__(cls, rank: int | None = None, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        if rank is not None:
            cls.rank = rank

    def _adopt(self, given: Mapping[str, Any]) -> None:
        """Set a constructor's arguments as attributes: sizes as one for each axis, None where none is given."""
        adopt(self, given)
        for name in given:
            if name in _SIZES:
                setattr(self, name, sizes(self, self.rank, **{name: given[name]}))
        if "padding" in given:
            self.padding = self.padding.lower() if isinstance(self.padding, str) else self.padding
            check_choice(self, self.paddings, padding=self.padding)
        self.input_axes = ("batch", *self._everywhere(_AXES[self.rank], "channels")[1:])
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def _spatial(self) -> tuple[int, ...]:
        """The numbers of the spatial axes."""
        first = 1 if self.data_format == "channels_last" else 2
        return tuple(range(first, first + self.rank))

    def _everywhere(self, spatial: Sequence[Any], other: Any) -> list[Any]:
        """One item for each axis: `other` for batch and channels."""
        first = self._spatial[0]
        return [*[other] * first, *spatial, *[other] * (2 - first)]

    def _check_windows(self, input_shape: Sequence[int | None], windows: Sequence[int], **given: Any) -> None:
        """Raise ValueError if a window, of which `given` arguments say the size, is larger than the unpadded input."""
        for axis, window in zip(self._spatial, windows, strict=True):
            size = input_shape[axis]
            if self.padding == "valid" and size is not None and size < window:
                arguments = ", ".join(f"{name}={value}" for name, value in given.items())
                raise mistake(
                    self,
                    "Computed output size would be zero or negative.",
                    expected=f"at least {window} along each spatial axis for {arguments}, padding='valid'",
                    got=f"input shape {tuple(input_shape)}",
                    fix="use padding='same', a smaller window, or fewer poolings before.",
                )
