"""Functions of `tf`, on lists, arrays, variables and symbolic tensors; against TensorFlow where it is there."""

import numpy as np
import pytest

import tricera as keras
from tricera.legacy import tensorflow as tf

A = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
P = np.abs(A) + 0.5
M = np.array([[4.0, 1.0], [1.0, 3.0]], "float32")
IMAGE = np.random.default_rng(1).uniform(size=(2, 6, 5, 3)).astype("float32")
CASES = {
    "reduce": lambda t: [
        t.reduce_sum(A, axis=[0, 2], keepdims=True),
        t.reduce_mean([1, 2, 4]),
        t.math.reduce_std(A, 1),
    ],
    "logsumexp": lambda t: [t.reduce_logsumexp(A, axis=1), t.reduce_max(A), t.reduce_any(A > 1, axis=0)],
    "cumsum": lambda t: [t.cumsum(A, axis=1, exclusive=True, reverse=True), t.math.cumprod(P, axis=2, exclusive=True)],
    "clip": lambda t: [t.clip_by_value(A, -0.5, 0.5), t.clip_by_norm(A, 1.0), *t.clip_by_global_norm([A, P], 2.0)[0]],
    "argmax": lambda t: [t.argmax(A), t.argmin(A, axis=-1), *t.math.top_k(A, 2), t.argsort(A, direction="DESCENDING")],
    "norms": lambda t: [t.math.l2_normalize(A, axis=1), t.norm(A), t.linalg.norm(A, axis=1), t.norm(A, ord=1, axis=2)],
    "arithmetic": lambda t: [
        t.math.divide_no_nan(A, [0.0, 1.0, 2.0, 0.0]),
        t.math.squared_difference(A, P),
        t.pow(P, 2.0),
    ],
    "cast": lambda t: [t.cast(A * 3, t.int32), t.saturate_cast(A * 300, t.uint8), t.round([0.5, 1.5, 2.5]), t.sign(A)],
    "shapes": lambda t: [t.reshape(A, [-1, 4]), t.transpose(A, [2, 0, 1]), t.expand_dims(A, -1), t.squeeze(A[:1], [0])],
    "parts": lambda t: [*t.split(A, [1, 3], axis=2), *t.unstack(A, axis=1), t.slice(A, [0, 1, 0], [-1, 2, 2])],
    "joined": lambda t: [t.concat([A, P], axis=1), t.stack([1, 2, 3]), t.tile(A, [1, 2, 1]), t.repeat(A, 2, axis=0)],
    "pad": lambda t: [
        t.pad(A, [[0, 0], [1, 1], [2, 0]]),
        t.pad(A, [[0, 0], [1, 1], [2, 0]], "REFLECT"),
        t.reverse(A, [1]),
    ],
    "places": lambda t: [
        t.gather(A, [2, 0], axis=1),
        t.gather_nd(A, [[0, 1], [1, 2]]),
        t.boolean_mask(A, A[:, 0, 0] > 9),
    ],
    "batch": lambda t: [t.gather(A, [[0, 2], [1, 1]], axis=1, batch_dims=1), t.gather_nd(A, [[0], [2]], batch_dims=1)],
    "scattered": lambda t: [
        t.scatter_nd([[0], [2], [0]], [1.0, 2.0, 3.0], [4]),
        t.tensor_scatter_nd_update([1.0, 2.0, 3.0], [[1]], [9.0]),
        t.where(A > 0, A, 0.0),
        t.where([True, False, True]),
    ],
    "made": lambda t: [
        t.one_hot([0, 2], 3, on_value=5.0),
        t.range(1, 7, 2),
        t.fill([2, 2], 3),
        t.eye(2, batch_shape=[2]),
    ],
    "matrices": lambda t: [t.matmul(A, A, transpose_b=True), t.linalg.band_part(A, 0, -1), t.linalg.diag([1.0, 2.0])],
    "solved": lambda t: [t.linalg.inv(M), t.linalg.cholesky(M), t.linalg.svd(M)[0], t.linalg.det(M), t.linalg.trace(M)],
    "activations": lambda t: [t.nn.softmax(A, axis=1), t.nn.leaky_relu(A), t.nn.gelu(A), t.nn.silu(A), t.nn.elu(A)],
    "entropies": lambda t: [
        t.nn.softmax_cross_entropy_with_logits(labels=P, logits=A),
        t.nn.sparse_softmax_cross_entropy_with_logits(labels=[[0, 1, 2], [3, 0, 1]], logits=A),
        t.nn.sigmoid_cross_entropy_with_logits(labels=P, logits=A),
        t.nn.weighted_cross_entropy_with_logits(labels=P, logits=A, pos_weight=2.0),
        t.nn.l2_loss(A),
    ],
    "moments": lambda t: [*t.nn.moments(A, [0, 1]), t.nn.batch_normalization(A, 0.1, 2.0, 0.5, 3.0, 1e-3)],
    "windows": lambda t: [
        t.nn.conv2d(IMAGE, np.ones((3, 3, 3, 2), "float32"), strides=[1, 2, 2, 1], padding="SAME"),
        t.nn.max_pool2d(IMAGE, ksize=2, strides=2, padding="VALID"),
        t.nn.avg_pool2d(IMAGE, [1, 2, 2, 1], [1, 1, 1, 1], "SAME"),
    ],
    "pictures": lambda t: [
        t.image.resize(IMAGE, (4, 7)),
        t.image.resize(IMAGE, (3, 3), method="nearest"),
        t.image.flip_left_right(IMAGE),
        t.image.rot90(IMAGE),
        t.image.central_crop(IMAGE, 0.5),
        t.image.resize_with_crop_or_pad(IMAGE, 4, 8),
        t.image.pad_to_bounding_box(IMAGE, 1, 2, 8, 9),
    ],
    "colours": lambda t: [
        t.image.adjust_contrast(IMAGE, 2.0),
        t.image.rgb_to_grayscale(IMAGE),
        t.image.per_image_standardization(IMAGE),
        t.image.convert_image_dtype((IMAGE * 255).astype("uint8"), t.float32),
        t.image.adjust_saturation(IMAGE, 0.5),
        t.image.total_variation(t.constant(IMAGE)),
        *t.image.image_gradients(t.constant(IMAGE)),
        t.image.psnr(IMAGE, IMAGE * 0.9, 1.0),
    ],
}


@pytest.mark.parametrize("case", CASES)
def test_against_tensorflow(case):
    real = pytest.importorskip("tensorflow")
    for found, expected in zip(CASES[case](tf), CASES[case](real), strict=True):
        assert found.shape == tuple(expected.shape)
        np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("case", CASES)
def test_each_can_be_computed(case):
    assert all(np.isfinite(np.asarray(found, "float32")).all() for found in CASES[case](tf))


def test_symbolic_tensors_and_variables():
    x = keras.Input((3,))
    y = tf.concat([tf.square(x), tf.nn.relu(x) - tf.constant(1.0)], axis=-1)
    y = tf.reshape(y * tf.Variable(2.0), [-1, 2, 3])
    model = keras.Model(x, tf.reduce_sum(y, axis=1))
    given = np.array([[1.0, -2.0, 3.0]], "float32")
    np.testing.assert_allclose(model.predict(given, verbose=0), 2 * (given**2 + np.maximum(given, 0) - 1))
    assert x.get_shape().as_list() == [None, 3] and tf.shape(given).numpy().tolist() == [1, 3]


def test_sizes_stay_numbers_in_a_program():
    @tf.function
    def halves(x):
        rows = tf.shape(x)[0]
        return tf.reshape(x, tf.stack([2, rows // 2])) + tf.random.normal(tf.shape(x)[:1] // 2)

    assert halves(tf.ones(6)).shape == (2, 3) and len(halves._programs) == 1 and None not in halves._programs.values()


def test_seeds():
    tf.random.set_seed(3)
    first = tf.random.normal([2], seed=1).numpy(), tf.random.normal([2], seed=1).numpy(), tf.random.uniform([2]).numpy()
    tf.random.set_seed(3)
    again = tf.random.normal([2], seed=1).numpy(), tf.random.normal([2], seed=1).numpy(), tf.random.uniform([2]).numpy()
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first[0], first[1])
    whole = tf.random.uniform([100], 2, 5, tf.int32).numpy()
    assert set(whole.tolist()) == {2, 3, 4}
    assert sorted(tf.random.shuffle(tf.range(9)).numpy().tolist()) == list(range(9))
    np.testing.assert_array_equal(tf.random.stateless_normal([2], [1, 2]), tf.random.stateless_normal([2], [1, 2]))


def test_checkpoints(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    step = tf.Variable(0)
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(model=model, step=step), tmp_path, max_to_keep=2)
    weights = model.get_weights()
    for _ in range(3):
        step.assign_add(1)
        manager.save()
    assert len(list(tmp_path.glob("*.npz"))) == 2
    model.set_weights([w + 1 for w in weights])
    step.assign(9)
    manager.checkpoint.restore(tf.train.latest_checkpoint(tmp_path)).expect_partial()
    assert step.numpy() == 3 and np.array_equal(model.get_weights()[0], weights[0])
    assert tf.train.latest_checkpoint(tmp_path / "none") is None
    with pytest.raises(ValueError) as error:
        tf.train.Checkpoint(step=step).restore(manager.latest_checkpoint)
    assert str(error.value) == (
        f"Checkpoint {manager.latest_checkpoint!r} holds variables that the objects do not have (yet).\n"
        "  expected: save_counter, step/0\n"
        "  got:      model/0, model/1\n"
        "  fix:      build models and optimizers first: call them on data, and `optimizer.build(variables)`."
    )


def test_what_surrounds_the_computation(capsys, tmp_path):
    assert tf.config.list_physical_devices("CPU") and tf.config.experimental.list_physical_devices("GPU") == []
    config = tf.compat.v1.ConfigProto()
    config.gpu_options.allow_growth = True
    with tf.compat.v1.Session(config=config) as session, tf.device("/GPU:0"), tf.distribute.MirroredStrategy().scope():
        session.run(tf.compat.v1.global_variables_initializer())
    tf.function(lambda x: tf.print("seen", x))(tf.constant(2))
    assert capsys.readouterr().err == "seen 2\n"
    array = tf.TensorArray(tf.float32, size=2).write(0, 1.0).write(1, 2.0)
    assert array.stack().numpy().tolist() == [1, 2]
    keras.utils.save_img(tmp_path / "a.png", IMAGE[0])
    dataset = tf.data.Dataset.list_files(str(tmp_path / "*.png")).map(
        lambda path: tf.image.resize(tf.image.decode_png(tf.io.read_file(path), channels=3), (4, 4)) / 255.0
    )
    assert [image.numpy().shape for image in dataset] == [(4, 4, 3)]
    texts = tf.data.Dataset.from_tensor_slices(["a", "b"])
    assert [text.numpy() for text in texts] == [b"a", b"b"]
