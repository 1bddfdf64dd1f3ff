"""`tf.image`: pictures, channels last, one or a batch."""

import io

import jax
import numpy as np
from jax import numpy as jnp

from tricera import ops, random
from tricera.legacy.tensorflow import tensor
from tricera.legacy.tensorflow.arrange import sizes_of
from tricera.legacy.tensorflow.math import cast
from tricera.legacy.tensorflow.tensor import convert_to_tensor, lift, of_arrays
from tricera.utils.image.files import img_to_array, load_img

_LAST = "channels_last"


class ResizeMethod:
    """Names of ways to resize."""

    AREA, BICUBIC, BILINEAR, LANCZOS3 = "area", "bicubic", "bilinear", "lanczos3"
    LANCZOS5, NEAREST_NEIGHBOR = "lanczos5", "nearest"


# ---- files


def decode_image(contents, channels=None, dtype="uint8", name=None, expand_animations=True):
    """The picture in the bytes of a file."""
    modes = {1: "grayscale", 3: "rgb", 4: "rgba"}
    data = contents.encode("latin-1") if isinstance(contents, str) else bytes(contents)
    picture = load_img(io.BytesIO(data), color_mode=modes.get(channels or 3, "rgb"))
    return convert_image_dtype(img_to_array(picture, _LAST).astype("uint8"), dtype)


decode_bmp = decode_gif = decode_jpeg = decode_png = decode_image

# ---- sizes


@lift
def resize(images, size, method="bilinear", preserve_aspect_ratio=False, antialias=False):
    """Pictures of another size."""
    images, target = convert_to_tensor(images), sizes_of(size)
    if preserve_aspect_ratio:
        scale = min(new / old for new, old in zip(target, images.shape[-3:-1], strict=True))
        target = tuple(round(n * scale) for n in images.shape[-3:-1])
    floats = images if method == "nearest" else images.astype("float32")
    return ops.image.resize(floats, target, interpolation=method, antialias=antialias, data_format=_LAST)


@lift
def crop_to_bounding_box(image, offset_height, offset_width, target_height, target_width):
    """A part of the pictures."""
    rows, columns = (
        slice(offset_height, offset_height + target_height),
        slice(offset_width, offset_width + target_width),
    )
    return convert_to_tensor(image)[..., rows, columns, :]


@lift
def central_crop(image, central_fraction):
    """The middle of the pictures."""
    image = convert_to_tensor(image)
    (top, height), (left, width) = (_middle(n, central_fraction) for n in image.shape[-3:-1])
    return image[..., top : top + height, left : left + width, :]


def _middle(size, fraction):
    margin = int((size - size * fraction) / 2)
    return margin, size - 2 * margin


@lift
def resize_with_crop_or_pad(image, target_height, target_width):
    """The middle of the pictures, with zeros around where they are smaller."""
    image = convert_to_tensor(image)
    for axis, target in ((image.ndim - 3, target_height), (image.ndim - 2, target_width)):
        spare = target - image.shape[axis]
        if spare > 0:
            margins = [(0, 0)] * image.ndim
            margins[axis] = (spare // 2, spare - spare // 2)
            image = jnp.pad(image, margins)
        else:
            image = jax.lax.slice_in_dim(image, -spare // 2, -spare // 2 + target, axis=axis)
    return image


@lift
def pad_to_bounding_box(image, offset_height, offset_width, target_height, target_width):
    """The pictures in a larger one of zeros."""
    image = convert_to_tensor(image)
    height, width = image.shape[-3:-1]
    below, right = target_height - offset_height - height, target_width - offset_width - width
    margins = [(0, 0)] * (image.ndim - 3) + [(offset_height, below), (offset_width, right), (0, 0)]
    return jnp.pad(image, margins)


def random_crop(value, size, seed=None, name=None):
    """A part of a size at a random place."""
    value, size = convert_to_tensor(value), sizes_of(size)
    starts = [random.randint((), 0, n - m + 1, seed=seed) for n, m in zip(value.shape, size, strict=True)]
    return jax.lax.dynamic_slice(value, starts, size)


# ---- mirrored

flip_left_right = of_arrays(lambda image: jnp.flip(image, -2))
flip_up_down = of_arrays(lambda image: jnp.flip(image, -3))
transpose = of_arrays(lambda image: jnp.swapaxes(image, -3, -2))
rot90 = lift(lambda image, k=1: jnp.rot90(convert_to_tensor(image), k, (-3, -2)))


def _perhaps(change, image, seed):
    """Each picture changed, or not, as a coin says."""
    image = convert_to_tensor(image)
    coin = random.uniform((*image.shape[:-3], 1, 1, 1), seed=seed) < 0.5
    return jnp.where(coin, change(image), image)


def random_flip_left_right(image, seed=None):
    """Each picture mirrored, or not."""
    return _perhaps(flip_left_right, image, seed)


def random_flip_up_down(image, seed=None):
    """Each picture upside down, or not."""
    return _perhaps(flip_up_down, image, seed)


# ---- colours


@lift
def convert_image_dtype(image, dtype, saturate=False):
    """Pictures of another dtype: real numbers are in `[0, 1]`, whole ones up to their largest."""
    image, kind = convert_to_tensor(image), tensor.as_dtype(dtype)
    old = tensor.as_dtype(image.dtype)
    if old == kind:
        return image
    if old.is_integer and kind.is_floating:
        return image.astype(kind) / old.max
    if old.is_floating and kind.is_integer:
        return jnp.clip(image * (kind.max + 0.5), 0, kind.max).astype(kind)
    return image.astype(kind)


@lift
def adjust_brightness(image, delta):
    """Pictures with `delta` added."""
    return convert_to_tensor(image) + delta


@lift
def adjust_contrast(images, contrast_factor):
    """Pictures whose pixels stand so many times as far from each channel's mean."""
    images = convert_to_tensor(images)
    mean = jnp.mean(images, (-3, -2), keepdims=True)
    return (images - mean) * contrast_factor + mean


@lift
def adjust_saturation(image, saturation_factor):
    """Pictures with saturation times a factor."""
    hsv = ops.image.rgb_to_hsv(convert_to_tensor(image), _LAST)
    saturation = jnp.clip(hsv[..., 1] * saturation_factor, 0, 1)
    return ops.image.hsv_to_rgb(hsv.at[..., 1].set(saturation), _LAST)


@lift
def adjust_hue(image, delta):
    """Pictures with `delta` of a turn added to the hue."""
    hsv = ops.image.rgb_to_hsv(convert_to_tensor(image), _LAST)
    return ops.image.hsv_to_rgb(hsv.at[..., 0].set((hsv[..., 0] + delta) % 1), _LAST)


def random_brightness(image, max_delta, seed=None):
    """Pictures with a number of at most `max_delta` added."""
    return adjust_brightness(image, random.uniform((), -max_delta, max_delta, seed=seed))


def random_contrast(image, lower, upper, seed=None):
    """Pictures with a random contrast."""
    return adjust_contrast(image, random.uniform((), lower, upper, seed=seed))


def random_saturation(image, lower, upper, seed=None):
    """Pictures with a random saturation."""
    return adjust_saturation(image, random.uniform((), lower, upper, seed=seed))


def random_hue(image, max_delta, seed=None):
    """Pictures with a random hue."""
    return adjust_hue(image, random.uniform((), -max_delta, max_delta, seed=seed))


@lift
def per_image_standardization(image):
    """Each picture with mean 0 and variance 1."""
    image = cast(image, "float32")
    axes, least = (-3, -2, -1), 1 / np.sqrt(np.prod(image.shape[-3:]))
    deviation = jnp.maximum(jnp.std(image, axes, keepdims=True), least)
    return (image - jnp.mean(image, axes, keepdims=True)) / deviation


rgb_to_grayscale = lift(lambda images: ops.image.rgb_to_grayscale(convert_to_tensor(images), _LAST))
rgb_to_hsv = lift(lambda images: ops.image.rgb_to_hsv(convert_to_tensor(images), _LAST))
hsv_to_rgb = lift(lambda images: ops.image.hsv_to_rgb(convert_to_tensor(images), _LAST))
grayscale_to_rgb = of_arrays(lambda images: jnp.repeat(images, 3, -1))

# ---- measures


@lift
def total_variation(images):
    """The sum of differences between neighbouring pixels of each picture."""
    images, axes = convert_to_tensor(images), (-3, -2, -1)
    return jnp.sum(jnp.abs(jnp.diff(images, axis=-3)), axes) + jnp.sum(jnp.abs(jnp.diff(images, axis=-2)), axes)


@lift
def image_gradients(image):
    """The differences between each pixel and the next one below and to the right, 0 at the end."""
    image = convert_to_tensor(image)
    return [jnp.diff(image, axis=axis, append=jax.lax.slice_in_dim(image, -1, None, axis=axis)) for axis in (-3, -2)]


@lift
def psnr(a, b, max_val):
    """How far noise is below the signal, in decibels, of each picture."""
    error = jnp.mean(jnp.square(convert_to_tensor(a) - convert_to_tensor(b)), (-3, -2, -1))
    return 10 * jnp.log10(max_val**2 / error)


@lift
def ssim(img1, img2, max_val, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03):
    """How alike the structures of pictures are."""
    pictures = convert_to_tensor(img1), convert_to_tensor(img2)
    return ops.image.ssim(*pictures, max_val, filter_size, filter_sigma, k1, k2, data_format=_LAST)


@lift
def extract_patches(images, sizes, strides, rates, padding):
    """Windows of the pictures, each as one row of channels."""
    inner = lambda four: tuple(four)[1:3]  # noqa: E731
    return ops.image.extract_patches(
        convert_to_tensor(images), inner(sizes), inner(strides), inner(rates)[0], padding.lower(), _LAST
    )


__getattr__ = tensor.missing("tensorflow.image", globals())
