"""What tf_keras saves as SavedModel folders: `python savedmodel_writes.py FOLDER`."""

import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
import tf_keras as keras
from tensorflow.core.protobuf import saved_model_pb2
from tf_keras.protobuf import saved_metadata_pb2

layers, FOLDER = keras.layers, Path(sys.argv[1])


def dense():
    model = keras.Sequential(
        [
            layers.Dense(4, use_bias=False, input_shape=(3,)),
            layers.BatchNormalization(),
            layers.Dropout(0.0),
            layers.Dense(2),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    return model, (5, 3)


def late():
    model = keras.Sequential([layers.Dense(2, name="first"), layers.PReLU()])
    model.build((None, 3))
    model.compile(keras.optimizers.legacy.Adam(0.01), "mse")
    return model, (5, 3)


def images():
    inner = keras.Sequential(
        [
            layers.Conv2D(3, 2, input_shape=(6, 6, 2)),
            layers.BatchNormalization(name="same"),
            layers.BatchNormalization(),
        ]
    )
    inner.layers[1].trainable = False
    image, numbers = layers.Input((6, 6, 2)), layers.Input((3,))
    x = layers.SeparableConv2D(2, 2)(layers.MaxPooling2D()(inner(image)))
    x = layers.BatchNormalization(name="same")(x)
    x = layers.Concatenate()([layers.Flatten()(x), layers.Dropout(0.5)(numbers)])
    return keras.Model([image, numbers], [layers.Dense(2, "softmax")(x), x]), (5, 6, 6, 2), (5, 3)


def words():
    numbers = layers.Input((4,))
    x = layers.Embedding(7, 3)(numbers)
    x = layers.Bidirectional(layers.LSTM(2, return_sequences=True))(x)
    steps = keras.Sequential([layers.BatchNormalization(input_shape=(4,)), layers.LayerNormalization()])
    steps.layers[0].trainable = False  # so that its weights come after those of the other, all of one shape
    x = layers.LayerNormalization()(layers.TimeDistributed(steps)(x))
    model = keras.Model(numbers, layers.Dense(2)(layers.GRU(3)(x)))
    model.compile(keras.optimizers.legacy.SGD(0.1, momentum=0.9), "mse")
    return model, (5, 4)


class Own(keras.Model):
    def __init__(self, units=4):
        super().__init__()
        self.one, self.two = layers.Dense(units, name="one"), layers.Dense(2, name="two")

    def call(self, x):
        return self.two(self.one(x))


class Scaled(Own):
    def __init__(self):
        super().__init__()
        self.scale = self.add_weight("scale", ())


class Configured(Own):
    def get_config(self):
        return {"units": 3}


def own():
    model = Own()
    model(np.zeros((5, 3), "float32"))
    return model, (5, 3)


def configured():
    model = Configured(3)
    model(np.zeros((5, 3), "float32"))
    return model, (5, 3)


def older(name, target):
    """A folder with its notes where tf.keras had them until 2.4."""
    tf.io.gfile.makedirs(str(target / "variables"))
    for path in (FOLDER / name / "variables").iterdir():
        (target / "variables" / path.name).write_bytes(path.read_bytes())
    program = saved_model_pb2.SavedModel.FromString((FOLDER / name / "saved_model.pb").read_bytes())
    notes = saved_metadata_pb2.SavedMetadata.FromString((FOLDER / name / "keras_metadata.pb").read_bytes())
    for node in notes.nodes:
        program.meta_graphs[0].object_graph_def.nodes[node.node_id].user_object.metadata = node.metadata
    (target / "saved_model.pb").write_bytes(program.SerializeToString())


def bare(target):
    module = tf.Module()
    module.v = tf.Variable([1.0])
    tf.saved_model.save(module, str(target))


for make in (dense, late, images, words, own, configured):
    rng, name = np.random.default_rng(1), make.__name__
    model, *shapes = make()
    model.set_weights([rng.uniform(0.1, 1, w.shape) for w in model.get_weights()])
    inputs = [rng.integers(0, 7, s) if name == "words" else rng.uniform(0, 1, s).astype("float32") for s in shapes]
    found = {f"input{i}": value for i, value in enumerate(inputs)}
    trained = getattr(model, "optimizer", None) and name != "late"
    if trained:
        model.run_eagerly, targets = True, np.ones((5, 2), "float32")
        for _ in range(2):
            model.train_on_batch(inputs[0], targets)
    model.save(FOLDER / name, save_format="tf", save_traces=name == "dense")
    outputs = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    found |= {f"output{i}": value for i, value in enumerate(outputs if isinstance(outputs, list) else [outputs])}
    if trained:
        model.train_on_batch(inputs[0], targets)
        found["next"] = model(inputs[0], training=False)
    np.savez(FOLDER / f"{name}.npz", **found)
scaled = Scaled()
scaled(np.zeros((5, 3), "float32"))
scaled.save(FOLDER / "scaled", save_format="tf", save_traces=False)
text, lookup = layers.Input((1,), dtype="string"), layers.StringLookup()
lookup.adapt(tf.constant(["a", "b"]))
keras.Model(text, lookup(text)).save(FOLDER / "learned", save_format="tf", save_traces=False)
older("images", FOLDER / "older")
(FOLDER / "older.npz").write_bytes((FOLDER / "images.npz").read_bytes())
bare(FOLDER / "bare")
