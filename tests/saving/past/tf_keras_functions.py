"""Writes models of tf_keras with one of TensorFlow's functions each: `python tf_keras_functions.py FOLDER`.

For each row of FUNCTIONS: `NAME.h5`, `NAME.keras`, and `NAME.npz` with the inputs and outputs.
"""

import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np
import tensorflow as tf
import tf_keras as keras

K = keras.backend
CONSTANT = np.array([[1.0, 2.0, 3.0, 4.0]], "float32")


def words(text):
    return text.split()


# Of tensors x and y (2, 3, 4), positive z of this shape, whole numbers i of (2, 3) below 4, images (2, 4, 6, 3).
FUNCTIONS = {
    # arithmetic
    "plus": lambda x, y, z, i, m: x + 1,
    "plus_two": lambda x, y, z, i, m: x + y,
    "rplus": lambda x, y, z, i, m: 1.0 + x,
    "minus": lambda x, y, z, i, m: x - y,
    "rminus": lambda x, y, z, i, m: 1.0 - x,
    "times": lambda x, y, z, i, m: 2.0 * x * y,
    "over": lambda x, y, z, i, m: 1.0 / z + x / z + x / 2.0,
    "power": lambda x, y, z, i, m: z**2 + 2.0**x,
    "floor_over": lambda x, y, z, i, m: x // 0.5,
    "rest": lambda x, y, z, i, m: x % 0.5,
    "negative": lambda x, y, z, i, m: -x,
    "absolute": lambda x, y, z, i, m: abs(x),
    "product": lambda x, y, z, i, m: x @ tf.transpose(y, [0, 2, 1]),
    "constant": lambda x, y, z, i, m: x + CONSTANT,
    "compare": lambda x, y, z, i, m: [x > y, x >= 0, x < y, x <= 0.5, tf.equal(i, 1), tf.not_equal(i, 2)],
    "logic": lambda x, y, z, i, m: [(x > 0) & (y > 0), (x > 0) | (y > 0), ~(x > 0), (x > 0) ^ (y > 0)],
    "add": lambda x, y, z, i, m: tf.add(x, y),
    "subtract": lambda x, y, z, i, m: tf.subtract(x, y),
    "multiply": lambda x, y, z, i, m: tf.multiply(x, 3.0),
    "divide": lambda x, y, z, i, m: tf.divide(x, z),
    "add_n": lambda x, y, z, i, m: tf.add_n([x, y, z]),
    "floordiv": lambda x, y, z, i, m: tf.math.floordiv(x, z),
    "floormod": lambda x, y, z, i, m: tf.math.floormod(x, z),
    "divide_no_nan": lambda x, y, z, i, m: tf.math.divide_no_nan(x, tf.nn.relu(y)),
    "pow": lambda x, y, z, i, m: tf.pow(z, 1.5),
    "squared_difference": lambda x, y, z, i, m: tf.math.squared_difference(x, y),
    "maximum": lambda x, y, z, i, m: tf.maximum(x, y) + tf.minimum(x, 0.5),
    "atan2": lambda x, y, z, i, m: tf.atan2(x, z),
    "integers": lambda x, y, z, i, m: i * 2 + i // 2,
    # brackets
    "first": lambda x, y, z, i, m: x[:, 0],
    "last": lambda x, y, z, i, m: x[:, -1, 1:],
    "steps": lambda x, y, z, i, m: x[:, ::2, ::-1],
    "new": lambda x, y, z, i, m: x[:, tf.newaxis, :, 1, None],
    "slice": lambda x, y, z, i, m: tf.slice(x, [0, 1, 0], [-1, 2, 3]),
    "strided_slice": lambda x, y, z, i, m: tf.strided_slice(x, [0, 0, 1], [2, 3, 4], [1, 2, 1]),
    # element by element
    **{
        name: lambda x, y, z, i, m, name=name: getattr(tf.math, name)(x)
        for name in words("""abs asinh atan ceil cos cosh erf exp expm1 floor negative round sigmoid sign sin sinh
        softplus square tan tanh softsign log_sigmoid""")
    },
    **{
        name: lambda x, y, z, i, m, name=name: getattr(tf.math, name)(z)
        for name in words("log log1p sqrt rsqrt reciprocal acosh digamma lgamma")
    },
    **{
        name: lambda x, y, z, i, m, name=name: getattr(tf.math, name)(x / 10.0)
        for name in words("acos asin atanh erfinv")
    },
    "tests": lambda x, y, z, i, m: [tf.math.is_nan(x), tf.math.is_finite(x), tf.math.is_inf(x), tf.logical_not(x > 0)],
    "clip": lambda x, y, z, i, m: tf.clip_by_value(x, -0.5, 0.5),
    "clip_norm": lambda x, y, z, i, m: tf.clip_by_norm(x, 0.5, axes=[2]),
    "cast": lambda x, y, z, i, m: [tf.cast(x, "int32"), tf.cast(i, tf.float32), tf.cast(x > 0, "float32")],
    "identity": lambda x, y, z, i, m: tf.stop_gradient(tf.identity(x)),
    # reductions
    **{
        name: lambda x, y, z, i, m, name=name: getattr(tf.math, name)(z, axis=[1, 2], keepdims=True)
        for name in words("reduce_max reduce_mean reduce_min reduce_prod reduce_std reduce_sum reduce_variance")
    },
    "reduce_logsumexp": lambda x, y, z, i, m: tf.reduce_logsumexp(x, -1),
    "reduce_all": lambda x, y, z, i, m: [tf.reduce_all(x > -1, 1), tf.reduce_any(x > 1, axis=-1)],
    "reduce_everything": lambda x, y, z, i, m: tf.reduce_mean(x),
    "euclidean_norm": lambda x, y, z, i, m: tf.math.reduce_euclidean_norm(x, axis=1),
    "norm": lambda x, y, z, i, m: [tf.norm(x, axis=-1, keepdims=True), tf.norm(x, ord=1, axis=1)],
    "argmax": lambda x, y, z, i, m: [tf.argmax(x, axis=-1), tf.math.argmin(x, 1)],
    "cumsum": lambda x, y, z, i, m: [tf.cumsum(x, axis=1), tf.math.cumprod(z, axis=-1)],
    "cumsum_exclusive": lambda x, y, z, i, m: tf.cumsum(x, axis=1, exclusive=True, reverse=True),
    "moments": lambda x, y, z, i, m: tf.nn.moments(x, axes=[1], keepdims=True),
    "top_k": lambda x, y, z, i, m: tf.math.top_k(x, k=2),
    "sort": lambda x, y, z, i, m: [tf.sort(x), tf.sort(x, axis=1, direction="DESCENDING"), tf.argsort(x, axis=1)],
    "zero_fraction": lambda x, y, z, i, m: tf.math.count_nonzero(i, axis=1),
    # shapes
    "concat": lambda x, y, z, i, m: tf.concat([x, y], 1),
    "concat_named": lambda x, y, z, i, m: tf.concat(values=[x, y, z], axis=-1),
    "stack": lambda x, y, z, i, m: [tf.stack([x, y], axis=1), tf.stack([x, y])],
    "unstack": lambda x, y, z, i, m: tf.unstack(x, axis=1),
    "split": lambda x, y, z, i, m: tf.split(x, 2, axis=2),
    "split_sizes": lambda x, y, z, i, m: tf.split(x, [1, 2, 1], -1),
    "reshape": lambda x, y, z, i, m: tf.reshape(x, [-1, 6, 2]),
    "reshape_of_shape": lambda x, y, z, i, m: tf.reshape(x, (tf.shape(x)[0], 12)),
    "shape": lambda x, y, z, i, m: tf.cast(tf.shape(x)[1], "float32") * x,
    "transpose": lambda x, y, z, i, m: tf.transpose(x, perm=[0, 2, 1]),
    "transpose_all": lambda x, y, z, i, m: tf.transpose(x),
    "expand_dims": lambda x, y, z, i, m: tf.expand_dims(x, -1),
    "squeeze": lambda x, y, z, i, m: tf.squeeze(x[:, :1], [1]),
    "tile": lambda x, y, z, i, m: tf.tile(x, [1, 2, 1]),
    "repeat": lambda x, y, z, i, m: tf.repeat(x, 2, axis=1),
    "pad": lambda x, y, z, i, m: tf.pad(x, [[0, 0], [1, 1], [0, 2]], constant_values=1.0),
    "pad_reflect": lambda x, y, z, i, m: [tf.pad(x, [[0, 0], [1, 1], [0, 0]], p) for p in ("REFLECT", "SYMMETRIC")],
    "reverse": lambda x, y, z, i, m: tf.reverse(x, [1]),
    "roll": lambda x, y, z, i, m: tf.roll(x, shift=1, axis=2),
    "broadcast_to": lambda x, y, z, i, m: tf.broadcast_to(x[:1, :1], [2, 3, 4]),
    "gather": lambda x, y, z, i, m: [tf.gather(x, [2, 0], axis=1), tf.gather(x, 1, axis=2)],
    "gather_batch": lambda x, y, z, i, m: tf.gather(tf.transpose(x, [0, 2, 1]), i, batch_dims=1),
    "gather_axis_batch": lambda x, y, z, i, m: tf.gather(x, i, axis=2, batch_dims=1),
    "gather_nd": lambda x, y, z, i, m: tf.gather_nd(x, [[0, 1], [1, 2]]),
    "boolean": lambda x, y, z, i, m: tf.where(x > 0, x, y),
    "where": lambda x, y, z, i, m: tf.where(x > 0.0, 1.0, 0.0),
    "one_hot": lambda x, y, z, i, m: tf.one_hot(i, 4),
    "one_hot_values": lambda x, y, z, i, m: tf.one_hot(i, depth=4, on_value=2.0, off_value=-1.0, axis=1),
    "likes": lambda x, y, z, i, m: tf.ones_like(x) + tf.zeros_like(x),
    "fill": lambda x, y, z, i, m: tf.zeros_like(x, dtype="int32"),
    "band_part": lambda x, y, z, i, m: tf.linalg.band_part(x, -1, 0),
    "diag": lambda x, y, z, i, m: [tf.linalg.diag(x), tf.linalg.diag_part(x[:, :, :3])],
    "sequence_mask": lambda x, y, z, i, m: tf.sequence_mask(i[:, 0], 4),
    "depth_space": lambda x, y, z, i, m: tf.nn.space_to_depth(m, 2),
    "space_depth": lambda x, y, z, i, m: tf.nn.depth_to_space(tf.concat([m, m, m, m], -1), 2),
    "meshgrid": lambda x, y, z, i, m: tf.ensure_shape(x, [None, 3, 4]),
    # products
    "matmul": lambda x, y, z, i, m: tf.matmul(x, y, transpose_b=True),
    "matmul_a": lambda x, y, z, i, m: tf.linalg.matmul(x, y, transpose_a=True),
    "tensordot": lambda x, y, z, i, m: tf.tensordot(x, CONSTANT, axes=[[2], [1]]),
    "tensordot_axes": lambda x, y, z, i, m: tf.tensordot(x, tf.constant(CONSTANT.T), axes=1),
    "matvec": lambda x, y, z, i, m: tf.linalg.matvec(x, y[:, 0]),
    "l2_normalize": lambda x, y, z, i, m: tf.math.l2_normalize(x, axis=-1),
    "normalize": lambda x, y, z, i, m: tf.linalg.normalize(x, axis=-1)[0],
    "det": lambda x, y, z, i, m: [tf.linalg.det(x[:, :, :3]), tf.linalg.inv(x[:, :, :3]), tf.linalg.trace(x[:, :, :3])],
    # networks
    **{
        f"nn_{name}": lambda x, y, z, i, m, name=name: getattr(tf.nn, name)(x)
        for name in words("""elu gelu leaky_relu log_softmax relu relu6 selu sigmoid silu softmax softplus softsign
        swish tanh crelu""")
    },
    "leaky": lambda x, y, z, i, m: tf.nn.leaky_relu(x, alpha=0.3),
    "gelu_approximate": lambda x, y, z, i, m: tf.nn.gelu(x, approximate=True),
    "softmax_axis": lambda x, y, z, i, m: tf.nn.softmax(x, axis=1),
    "bias_add": lambda x, y, z, i, m: tf.nn.bias_add(x, CONSTANT[0]),
    "l2_loss": lambda x, y, z, i, m: tf.nn.l2_loss(x),
    "dropout": lambda x, y, z, i, m: tf.nn.dropout(x, 0.0),
    "cross": lambda x, y, z, i, m: [
        tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.nn.sigmoid(x), logits=y),
        tf.nn.softmax_cross_entropy_with_logits(labels=tf.nn.softmax(x), logits=y),
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=i, logits=y),
    ],
    "max_pool": lambda x, y, z, i, m: tf.nn.max_pool2d(m, 2, 2, "SAME"),
    "avg_pool": lambda x, y, z, i, m: tf.nn.avg_pool2d(m, ksize=2, strides=1, padding="VALID"),
    "conv": lambda x, y, z, i, m: tf.nn.conv2d(m, np.ones((2, 2, 3, 2), "float32"), strides=1, padding="SAME"),
    "lrn": lambda x, y, z, i, m: tf.nn.local_response_normalization(m),
    "embedding": lambda x, y, z, i, m: tf.nn.embedding_lookup(np.eye(4, 5, dtype="float32"), i),
    # images
    "resize": lambda x, y, z, i, m: tf.image.resize(m, (8, 3)),
    "resize_nearest": lambda x, y, z, i, m: tf.image.resize(m, [8, 12], method="nearest"),
    "resize_bicubic": lambda x, y, z, i, m: tf.image.resize(m, [8, 12], tf.image.ResizeMethod.BICUBIC, antialias=True),
    "flips": lambda x, y, z, i, m: [tf.image.flip_left_right(m), tf.image.flip_up_down(m)],
    "gray": lambda x, y, z, i, m: [tf.image.rgb_to_grayscale(m), tf.image.grayscale_to_rgb(m[:, :, :, :1])],
    "per_image": lambda x, y, z, i, m: tf.image.per_image_standardization(m),
    "central_crop": lambda x, y, z, i, m: tf.image.central_crop(m, 0.5),
    "crop_to_box": lambda x, y, z, i, m: tf.image.crop_to_bounding_box(m, 1, 2, 2, 3),
    "brightness": lambda x, y, z, i, m: [tf.image.adjust_brightness(m, 0.1), tf.image.adjust_contrast(m, 0.5)],
    # the backend
    "k_arithmetic": lambda x, y, z, i, m: [K.square(x), K.abs(x), K.sqrt(z), K.exp(x), K.log(z), K.sign(x)],
    "k_reductions": lambda x, y, z, i, m: [K.sum(x, axis=1), K.mean(x, axis=-1, keepdims=True), K.max(x, 1)],
    "k_more": lambda x, y, z, i, m: [K.std(x, axis=1), K.var(x, 1), K.prod(x, 1), K.argmax(x), K.pow(z, 2)],
    "k_shapes": lambda x, y, z, i, m: [K.expand_dims(x), K.squeeze(x[:, :1], 1), K.permute_dimensions(x, (0, 2, 1))],
    "k_join": lambda x, y, z, i, m: [K.concatenate([x, y]), K.stack([x, y], axis=1), K.reverse(x, 1)],
    "k_reshape": lambda x, y, z, i, m: [K.reshape(x, (-1, 12)), K.flatten(x), K.batch_flatten(x)],
    "k_dot": lambda x, y, z, i, m: [K.dot(x, K.constant(CONSTANT.T)), K.batch_dot(x, y, axes=(2, 2))],
    "k_functions": lambda x, y, z, i, m: [K.relu(x), K.softmax(x), K.sigmoid(x), K.hard_sigmoid(x), K.elu(x)],
    "k_relu": lambda x, y, z, i, m: K.relu(x, alpha=0.1, max_value=1.0, threshold=0.2),
    "k_clip": lambda x, y, z, i, m: [K.clip(x, -0.5, 0.5), K.maximum(x, y), K.minimum(x, y), K.epsilon() + x],
    "k_normalize": lambda x, y, z, i, m: K.l2_normalize(x, axis=1),
    "k_cast": lambda x, y, z, i, m: [K.cast(x > 0, "float32"), K.equal(x, y), K.greater(x, y), K.switch(x > 0, x, y)],
    "k_one_hot": lambda x, y, z, i, m: [K.one_hot(i, 4), K.ones_like(x), K.zeros_like(x), K.cumsum(x, 1), K.round(x)],
    "k_images": lambda x, y, z, i, m: [
        K.resize_images(m, 2, 2, "channels_last"), K.spatial_2d_padding(m), K.pool2d(m, (2, 2)), K.temporal_padding(x),
    ],
}  # fmt: skip


def write(folder, name, function, arrays):
    keras.backend.clear_session()
    inputs = [keras.Input(array.shape[1:], dtype=array.dtype.name) for array in arrays]
    outputs = tf.nest.flatten(function(*inputs))
    model = keras.Model(inputs, [keras.layers.Activation("linear")(y) for y in outputs])
    model.save(folder / f"{name}.h5"), model.save(folder / f"{name}.keras")
    found = model(arrays)
    found = found if isinstance(found, list) else [found]
    np.savez(folder / f"{name}.npz", *arrays, *(np.asarray(y) for y in found))


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    given = [rng.normal(size=(2, 3, 4)) for _ in range(2)] + [rng.uniform(1.1, 3, (2, 3, 4))]
    given = [array.astype("float32") for array in given] + [rng.integers(0, 4, (2, 3)).astype("int32")]
    given.append(rng.uniform(0, 1, (2, 4, 6, 3)).astype("float32"))
    for each, made in FUNCTIONS.items():
        write(Path(sys.argv[1]), each, made, given)
