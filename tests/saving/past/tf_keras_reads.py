"""Reads models with tf_keras: `python tf_keras_reads.py FOLDER`, run by `test_tf_keras.py`.

For each `NAME.h5` with its `NAME.npz` of inputs, `NAME.found.npz` has the outputs, and, where there are targets, the
weights after the next step of training; where tf_keras refuses the file, `NAME.refused` says why.
"""

import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np
import tf_keras as keras


def found(path):
    with np.load(path.with_suffix(".npz")) as given:
        inputs = [given[key] for key in given if key.startswith("input")]
        targets = given.get("targets")
    model = keras.models.load_model(path)
    outputs = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    outputs = [np.asarray(y) for y in (outputs if isinstance(outputs, list | tuple) else [outputs])]
    if targets is None:
        return outputs
    model.train_on_batch(*inputs, targets)
    return [*outputs, *model.get_weights()]


if __name__ == "__main__":
    for path in sorted(Path(sys.argv[1]).glob("*.h5")):
        try:
            np.savez(path.with_suffix(".found.npz"), *found(path))
        except Exception as error:
            path.with_suffix(".refused").write_text(f"{type(error).__name__}: {error}")
