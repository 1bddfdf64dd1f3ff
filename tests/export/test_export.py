"""What a model computes, in StableHLO and ONNX, read back and run."""

import jax
import numpy as np
import pytest

from tricera import export, layers, models
from tricera.export import computation
from tricera.layers import InputSpec


@pytest.fixture(scope="module")
def model():
    image, words = layers.Input((8, 8, 1)), layers.Input((5,), dtype="int32")
    x = layers.MaxPooling2D()(layers.BatchNormalization()(layers.Conv2D(2, 3, activation="relu")(image)))
    y = layers.LSTM(3)(layers.Embedding(7, 3)(words))
    outputs = {"p": layers.Dense(2, activation="softmax")(layers.Flatten()(x)), "q": layers.Dropout(0.5)(y)}
    return models.Model([image, words], outputs, name="two")


def inputs(batch):
    rng = np.random.default_rng(0)
    return rng.random((batch, 8, 8, 1), "float32"), rng.integers(0, 7, (batch, 5), "int32")


def test_stablehlo_of_any_batch(model, tmp_path, capsys):
    model.export(tmp_path / "m.bin", verbose=True)
    assert 'model "two" was written to' in capsys.readouterr().out
    program = jax.export.deserialize(bytearray((tmp_path / "m.bin").read_bytes()))
    for batch in (4,):
        expected = model(list(inputs(batch)))
        for one, other in zip((expected["p"], expected["q"]), program.call(*inputs(batch)), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def mlp():
    return models.Sequential(
        [layers.Input((4,)), layers.Dense(5, "gelu"), layers.LayerNormalization(), layers.Dense(2)]
    )


def cnn():
    stack = [layers.Conv2D(3, 3, padding="same", activation="relu"), layers.BatchNormalization(), layers.MaxPooling2D()]
    stack += [layers.DepthwiseConv2D(2), layers.GlobalAveragePooling2D(), layers.Dense(2, "softmax")]
    return models.Sequential([layers.Input((8, 8, 1)), *stack])


def recurrent():
    return models.Sequential([layers.Input((5, 3)), layers.LSTM(3), layers.Dense(2)])


def words():
    embedded = layers.Embedding(7, 3, mask_zero=True)
    return models.Sequential([layers.Input((5,), dtype="int32"), embedded, layers.GRU(3), layers.Dense(1, "sigmoid")])


@pytest.mark.parametrize("make", [mlp, cnn, recurrent, words])
def test_onnx(make, tmp_path):
    """onnxruntime computes what the model does, for batches of several sizes."""
    pytest.importorskip("jax2onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    model = make()
    model.export(tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx")
    (given,) = session.get_inputs()
    rng = np.random.default_rng(0)
    for batch in (1, 4):
        x = rng.integers(0, 7, (batch, *model.input_shape[1:])).astype(model.inputs[0].dtype)
        np.testing.assert_allclose(session.run(None, {given.name: x})[0], model(x), rtol=1e-4, atol=1e-5)


def test_what_jax2onnx_cannot_convert_is_told(tmp_path):
    pytest.importorskip("jax2onnx")
    model = models.Sequential([layers.Input((5, 3)), layers.LSTM(3, go_backwards=True)], name="back")
    with pytest.raises(ValueError) as error:
        model.export(tmp_path / "m.onnx")
    assert str(error.value).startswith('Sequential model "back": jax2onnx cannot convert it: NotImplementedError(')
    assert str(error.value).endswith('\n  fix:      `format="stablehlo"`.') and not list(tmp_path.iterdir())


def test_onnx_of_several_inputs_and_outputs(model, tmp_path):
    pytest.importorskip("jax2onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    model.export(tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx")
    given = dict(zip([each.name for each in session.get_inputs()], inputs(4), strict=True))
    expected = model(list(inputs(4)))
    for one, other in zip((expected["p"], expected["q"]), session.run(None, given), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_a_model_of_a_class_says_its_inputs(tmp_path):
    class Net(models.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, x):
            return self.dense(x)

    net = Net()
    with pytest.raises(ValueError, match="is not built: it cannot be exported"):
        net.export(tmp_path / "n")
    net(np.ones((2, 4), "float32"))
    net.export(tmp_path / "n", input_signature=[InputSpec(shape=(None, 4), dtype="float32")])
    program = jax.export.deserialize(bytearray((tmp_path / "n").read_bytes()))
    np.testing.assert_allclose(program.call(np.ones((3, 4), "float32"))[0], net(np.ones((3, 4))), rtol=1e-5)


def test_another_result_is_refused(tmp_path):
    model = models.Sequential([layers.Input((4,)), layers.Dense(2)], name="net")
    computed = computation.computation(model)
    x = computed.samples()
    with pytest.raises(ValueError) as error:
        computed.compare([np.zeros((3, 2))], x, "the program")
    assert str(error.value).startswith(
        'Sequential model "net": the program does not compute what the model does: nothing is written.\n'
        "  expected: output 0: shape (3, 2), mean "
    )


def test_formats_that_need_tensorflow(tmp_path):
    model = models.Sequential([layers.Input((4,)), layers.Dense(2)])
    for format in ("tf_saved_model", "litert", "openvino"):
        with pytest.raises(ValueError) as error:
            model.export(tmp_path / "m", format)
        assert str(error.value) == (
            f"The format {format!r} needs TensorFlow, and there is none here.\n"
            "  expected: 'stablehlo' or 'onnx'\n"
            '  fix:      `format="stablehlo"` or "onnx"; or `model.save("m.keras")`, and export with Keras.'
        )
    with pytest.raises(ValueError) as error:
        model.export(tmp_path / "m", "stablehl")
    assert str(error.value) == (
        "Unknown format 'stablehl'.\n  expected: 'stablehlo' or 'onnx'\n  fix:      did you mean 'stablehlo'?"
    )
    with pytest.raises(NotImplementedError, match="ExportArchive writes SavedModel folders, which need TensorFlow"):
        export.ExportArchive()
    assert not list(tmp_path.iterdir())
