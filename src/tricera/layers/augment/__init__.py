"""Images cut, scaled and changed at random."""

# ruff: noqa: F401
from tricera.layers.augment.colour import (
    AutoContrast,
    Equalization,
    RandomBrightness,
    RandomColorDegeneration,
    RandomColorJitter,
    RandomContrast,
    RandomGaussianBlur,
    RandomGrayscale,
    RandomHue,
    RandomInvert,
    RandomPosterization,
    RandomSaturation,
    RandomSharpness,
    Solarization,
)
from tricera.layers.augment.frame import CenterCrop, RandomCrop, Resizing
from tricera.layers.augment.geometry import (
    RandomFlip,
    RandomPerspective,
    RandomRotation,
    RandomShear,
    RandomTranslation,
    RandomZoom,
)
from tricera.layers.augment.mix import CutMix, MixUp, RandomErasing
