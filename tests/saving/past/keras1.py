"""Builds files as Keras 0.3 and 1 wrote them, from the documented layout."""

import json

import h5py
import numpy as np


def write(path, config, weights, theano=False, version="1.2.2", training=None, optimizer=None):
    """A whole model: `weights` are `{layer: [(name, array), ...]}`; TensorFlow's names end in `:0`, Theano's do not."""
    ending = "" if theano else ":0"
    with h5py.File(path, "w") as file:
        if config is not None:
            file.attrs["keras_version"] = version.encode()
            file.attrs["model_config"] = json.dumps(config).encode()
        if training is not None:
            file.attrs["training_config"] = json.dumps(training).encode()
        root = file.create_group("model_weights") if config is not None else file
        root.attrs["layer_names"] = [name.encode() for name in weights]
        for layer, named in weights.items():
            group = root.create_group(layer)
            group.attrs["weight_names"] = [f"{name}{ending}".encode() for name, _ in named]
            for name, array in named:
                group[f"{name}{ending}"] = array
        if optimizer is not None:
            group = file.create_group("optimizer_weights")
            group.attrs["weight_names"] = [f"param_{i}".encode() for i in range(len(optimizer))]
            for i, array in enumerate(optimizer):
                group[f"param_{i}"] = array


def write_numbered(path, weights):
    """Keras 0.3's file of weights alone."""
    with h5py.File(path, "w") as file:
        file.attrs["nb_layers"] = len(weights)
        for i, arrays in enumerate(weights):
            group = file.create_group(f"layer_{i}")
            group.attrs["nb_params"] = len(arrays)
            for k, array in enumerate(arrays):
                group[f"param_{k}"] = array


def layer(kind, name, **config):
    return {"class_name": kind, "config": {"name": name, "trainable": True, **config}}


def sequential(*layers):
    return {"class_name": "Sequential", "keras_version": "1.2.2", "config": list(layers)}


def node(kind, name, *sources, **config):
    """A layer in a graph: a source is a name, or a name with the number of its use."""
    places = [[source, 0, 0] if isinstance(source, str) else [*source, 0] for source in sources]
    return {**layer(kind, name, **config), "name": name, "inbound_nodes": [places] if places else []}


def graph(*nodes, inputs, outputs):
    config = {"name": "model_1", "layers": list(nodes)}
    config |= {"input_layers": [[name, 0, 0] for name in inputs], "output_layers": [[name, 0, 0] for name in outputs]}
    return {"class_name": "Model", "keras_version": "1.2.2", "config": config}


def numbers(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype("float32")
