"""Reads models with tf_keras, and says what they compute: `python tf_keras_reads.py FOLDER`, run by `test_way_back.py`.

For each `NAME.npz`, whose arrays are inputs, `NAME.h5` is read, and then the weights of `NAME_weights.h5`, if any:
`NAME.found.npz` gets the outputs, and those with these weights. A model that was compiled makes a step instead, on the
inputs and the targets after them, and its weights are what is found. Where reading fails, `NAME.error` says why.
"""

import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np
import tf_keras as keras


def models(path):
    """The model by each way into it."""
    model = keras.models.load_model(path.with_suffix(".h5"))
    yield model
    weights = path.with_name(f"{path.stem}_weights.h5")
    if weights.exists():
        model.set_weights([0 * w for w in model.get_weights()])
        model.load_weights(weights)
        yield model


def results(model, arrays):
    """What the model computes."""
    if model.optimizer is not None:
        model.run_eagerly = True
        model.train_on_batch(*arrays)
        return model.get_weights()
    model.reset_states()
    outputs = model(arrays if len(arrays) > 1 else arrays[0], training=False)
    return [np.asarray(y) for y in (outputs if isinstance(outputs, list | tuple) else [outputs])]


def main(folder):
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as file:
            arrays = [file[key] for key in file]
        try:
            found = [y for model in models(path) for y in results(model, arrays)]
            np.savez(path.with_suffix(".found.npz"), *found)
        except Exception as error:
            path.with_suffix(".error").write_text(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
