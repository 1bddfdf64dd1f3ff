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
from tricera.layers.augment.frame import CenterCrop, MaxNumBoundingBoxes, RandomCrop, Resizing
from tricera.layers.augment.geometry import (
    RandomElasticTransform,
    RandomFlip,
    RandomPerspective,
    RandomRotation,
    RandomShear,
    RandomTranslation,
    RandomZoom,
)
from tricera.layers.augment.local import ContrastLimitedAdaptiveHistogramEqualization
from tricera.layers.augment.mix import CutMix, MixUp, RandomErasing
from tricera.layers.augment.policy import AugMix, RandAugment
