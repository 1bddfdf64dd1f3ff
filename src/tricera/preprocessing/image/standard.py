"""Images rescaled, centred, divided by deviations and whitened, by what an ImageDataGenerator was told."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from tricera import config
from tricera.errors import abstract, report

_EPSILON = 1e-6
# What says more -> what it makes true or false, with Keras' words for it.
_OVERRIDES = (
    ("zca_whitening", "featurewise_center", True),
    ("zca_whitening", "featurewise_std_normalization", False),
    ("featurewise_std_normalization", "featurewise_center", True),
    ("samplewise_std_normalization", "samplewise_center", True),
)


class Standardizer:
    """The arguments of an ImageDataGenerator that change values, not places.

    Args:
        featurewise_center: subtract the mean of each channel over the images given to `fit`;
            `featurewise_std_normalization`: divide by their standard deviation.
        samplewise_center: subtract each image's own mean; `samplewise_std_normalization`: divide by its deviation.
        zca_whitening: multiply by what makes all values of the images given to `fit` uncorrelated.
        zca_epsilon: keeps directions without variance finite.
        rescale: factor of all values, before the others.
        preprocessing_function: from an image to an image of its shape, before all of these.
        dtype: of the arrays that are made.
    """

    def __init__(
        self,
        featurewise_center: bool,
        samplewise_center: bool,
        featurewise_std_normalization: bool,
        samplewise_std_normalization: bool,
        zca_whitening: bool,
        zca_epsilon: float,
        rescale: float | None,
        preprocessing_function: Callable | None,
        data_format: str | None,
        dtype: Any,
    ):
        self.featurewise_center, self.samplewise_center = featurewise_center, samplewise_center
        self.featurewise_std_normalization = featurewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening, self.zca_epsilon = zca_whitening, zca_epsilon
        self.rescale, self.preprocessing_function = rescale, preprocessing_function
        self.data_format = config.standardize_data_format(data_format)
        last = self.data_format == "channels_last"
        self.row_axis, self.col_axis, self.channel_axis = (1, 2, 3) if last else (2, 3, 1)
        self.dtype = dtype or config.floatx()
        self.mean: Any = None
        self.std: Any = None
        self.principal_components: Any = None
        for cause, name, value in _OVERRIDES:
            if getattr(self, cause) and getattr(self, name) is not value:
                setattr(self, name, value)
                warnings.warn(
                    f"This ImageDataGenerator specifies `{cause}`, which overrides setting of `{name}`.", stacklevel=3
                )

    def standardize(self, x: np.ndarray) -> np.ndarray:
        """An image, or several as if they were one, as the arguments say; float arrays are changed in place."""
        if self.preprocessing_function:
            x = self.preprocessing_function(x)
        return self._normalized(x, None)

    def _normalized(self, x: np.ndarray, axes: tuple[int, ...] | None) -> np.ndarray:
        """`x` standardized in place; samples have these axes."""
        if self.rescale:
            x *= self.rescale
        if self.samplewise_center:
            x -= x.mean(axes, keepdims=True)
        if self.samplewise_std_normalization:
            x /= x.std(axes, keepdims=True) + _EPSILON
        if self.featurewise_center and self._fitted("featurewise_center", self.mean):
            x -= self.mean
        if self.featurewise_std_normalization and self._fitted("featurewise_std_normalization", self.std):
            x /= self.std + _EPSILON
        if self.zca_whitening and self._fitted("zca_whitening", self.principal_components):
            flat = x.reshape(-1, np.prod(x.shape[-3:]))
            x = (flat @ self.principal_components).reshape(x.shape)
        return x

    def _fitted(self, name: str, found: Any) -> bool:
        if found is None:
            warnings.warn(
                report(
                    f"This ImageDataGenerator specifies `{name}`, but it hasn't been fit on any training data.",
                    fix="fit it first by calling `.fit(numpy_data)`.",
                ),
                stacklevel=4,
            )
        return found is not None

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Find means, deviations and the whitening of a batch of images.

        Args:
            augment: take them from images changed at random, each `rounds` times.

        Raises:
            ValueError: not a batch of images.
        """
        x = np.array(x, self.dtype)
        self._check_images(x)
        if self.rescale:
            x *= self.rescale
        if augment:
            x = self._rounds(x, rounds, seed)
        axes = (0, self.row_axis, self.col_axis)
        if self.featurewise_center:
            self.mean = x.mean(axes, keepdims=True)[0]
            x -= self.mean
        if self.featurewise_std_normalization:
            self.std = x.std(axes, keepdims=True)[0]
            x /= self.std + _EPSILON
        if self.zca_whitening:
            flat = x.reshape(len(x), -1)
            u, s, _ = np.linalg.svd(flat.T @ flat / len(flat))
            self.principal_components = (u / np.sqrt(s + self.zca_epsilon)) @ u.T

    def _rounds(self, x: np.ndarray, rounds: int, seed: int | None) -> np.ndarray:
        raise abstract(self, "_rounds")

    def _check_images(self, x: np.ndarray) -> None:
        if x.ndim != 4:
            raise ValueError(
                report(
                    "The images should have rank 4.",
                    expected="(samples, height, width, channels)"
                    if self.channel_axis == 3
                    else "(samples, channels, height, width)",
                    got=f"shape {x.shape}",
                    fix="add a channel axis: `x[..., None]`." if x.ndim == 3 else None,
                )
            )
        if x.shape[self.channel_axis] not in (1, 3, 4):
            warnings.warn(
                report(
                    f"Expected input to be images with their channels on axis {self.channel_axis}.",
                    expected="1, 3 or 4 channels",
                    got=f"{x.shape[self.channel_axis]} channels, shape {x.shape}",
                ),
                stacklevel=3,
            )
