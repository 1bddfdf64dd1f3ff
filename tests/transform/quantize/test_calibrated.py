"""Weights rounded with an eye on the inputs: against Keras, against the equations, against rounding to the nearest."""

import numpy as np
import pytest

import tricera
from tricera import layers, models, quantizers
from tricera.transform.quantize import awq, gptq
from tricera.transform.quantize.calibration import pieces

CASES = {
    "Dense": ("Dense", {"units": 7, "activation": "tanh"}, (2, 10)),
    "heads": ("EinsumDense", {"equation": "abc,cde->abde", "output_shape": (None, 2, 3), "bias_axes": "de"}, (2, 10)),
    "from heads": ("EinsumDense", {"equation": "abcd,cde->abe", "output_shape": (None, 9)}, (3, 2, 4)),
}
CONFIGS = {
    "gptq": ("GPTQConfig", {}),
    "gptq in groups": ("GPTQConfig", {"group_size": 4, "activation_order": True}),
    "gptq of 8": ("GPTQConfig", {"weight_bits": 8, "symmetric": True, "group_size": -1}),
    "gptq of 3": ("GPTQConfig", {"weight_bits": 3, "per_channel": False}),
    "awq": ("AWQConfig", {"group_size": -1}),
    "awq in groups": ("AWQConfig", {"group_size": 4, "num_grid_points": 5}),
}


def config_of(library, name):
    kind, options = CONFIGS[name]
    return getattr(library.quantizers, kind)(None, None, **options)


def made(library, name):
    """A layer with the same numbers for each library, above and below 0 in turn, and inputs."""
    kind, options, shape = CASES[name]
    layer = getattr(library.layers, kind)(**options)
    layer.build((None, *shape))
    rng = np.random.default_rng(0)
    values = [np.abs(rng.normal(size=w.shape)) + 0.5 for w in layer.weights]
    rows = values[0].reshape(8 if name == "from heads" else 10, -1)
    signs = 1 - 2 * (np.indices(rows.shape).sum(0) % 2)
    layer.set_weights([(rows * signs).reshape(values[0].shape), *values[1:]])
    return layer, (rng.normal(size=(20, *shape)) * np.linspace(0.2, 3, shape[-1])).astype("float32")


def stored(layer):
    return {v.path.partition("/")[2]: np.asarray(v) for v in layer.weights}


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("name", CASES)
def test_layers_are_rounded_as_by_keras(keras, name, config):
    """With AWQ after both saw the same; with GPTQ as Keras has it, which looks at no inputs."""
    (ours, x), (theirs, _) = made(tricera, name), made(keras, name)
    rows = x.reshape(-1, 8 if name == "from heads" else 10)
    told, seen = config_of(keras, config), None
    theirs.quantize(config=told)
    if "gptq" in config:
        keras.src.quantizers.gptq.GPTQ(theirs, told).quantize_and_correct_layer()
    else:
        other = keras.src.quantizers.awq.AWQ(theirs, told)
        other.update_activation_magnitudes(rows)
        other.quantize_layer()
        seen = awq.Largest(rows.shape[1])
        seen.add(seen.measure(rows), len(rows))
    ours.become(config_of(tricera, config), seen)
    mine, others = stored(ours), stored(theirs)
    others["g_idx"] = np.floor(others["g_idx"])  # Keras has them with fractions, and cuts these off
    assert {k: (v.dtype, v.shape) for k, v in mine.items()} == {k: (v.dtype, v.shape) for k, v in others.items()}
    for key, value in mine.items():
        # The largest of a range around 0 lies between two numbers.
        atol = 1 if (key, config) == ("kernel", "gptq of 8") else 1e-6
        np.testing.assert_allclose(value, others[key], rtol=1e-5, atol=atol, err_msg=key)
    if config != "gptq of 8":
        np.testing.assert_allclose(np.asarray(ours(x)), np.asarray(theirs(x)), rtol=1e-4, atol=1e-5)
    assert ours.dtype_policy.name == theirs.dtype_policy.name
    np.testing.assert_allclose(np.asarray(ours.kernel), np.asarray(theirs.kernel), atol=float(config == "gptq of 8"))


@pytest.mark.parametrize("name, config", [("Dense", "gptq in groups"), ("heads", "gptq of 8"), ("from heads", "awq")])
def test_keras_reads_the_files(keras, name, config, tmp_path):
    """Its own it does not: they lack the zeros."""
    layer, x = made(tricera, name)
    layer.quantize(config=config_of(tricera, config))
    model = tricera.Sequential([layers.Input(x.shape[1:]), layer])
    expected = model.predict(x, verbose=0)
    model.save(tmp_path / "ours.keras")
    loaded, theirs = models.load_model(tmp_path / "ours.keras"), keras.models.load_model(tmp_path / "ours.keras")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), expected)
    np.testing.assert_allclose(theirs(x), expected, rtol=1e-4, atol=1e-5)
    assert loaded.layers[0].quantization_config == config_of(tricera, config)


@pytest.mark.parametrize("ordered", [False, True])
def test_each_number_makes_up_for_those_before_it(ordered):
    """The weights that are left take, after each row, the values that are best for the outputs."""
    rng = np.random.default_rng(0)
    weight, x = rng.normal(size=(6, 3)).astype("float32"), rng.normal(size=(30, 6)) * [1, 3, 2, 1, 2, 1]
    seen, config = gptq.Hessian(6), quantizers.GPTQConfig(None, None, activation_order=ordered, hessian_damping=0.1)
    for part in (x[:10], x[10:]):
        seen.add(seen.measure(part.astype("float32")), len(part))
    found = gptq.quantized(weight, seen, config)
    hessian = 2 * x.T @ x / 30
    hessian += 0.1 * np.mean(np.diag(hessian)) * np.eye(6)
    order = list(np.argsort(-np.diag(hessian))) if ordered else list(range(6))
    scale, zero, left = found["scale"][:, 0], found["zero"][:, 0], weight.astype("float64")
    for i, row in enumerate(order):
        number, rest = np.clip(np.round(left[row] / scale + zero), 0, 15), order[i + 1 :]
        np.testing.assert_array_equal(found["numbers"][:, row], number)
        lost = left[row] - (number - zero) * scale
        left[rest] += np.outer(np.linalg.solve(hessian[np.ix_(rest, rest)], hessian[rest, row]), lost)


@pytest.mark.parametrize("size", [-1, 200])
def test_groups_may_end_anywhere(size):
    """Also where 128 rows do, after which Keras would begin a group anew. What is lost is less than by rounding."""
    rng = np.random.default_rng(0)
    weight, x = rng.normal(size=(300, 3)).astype("float32"), rng.normal(size=(400, 300)).astype("float32")
    x += 2 * x[:, :1]  # inputs that say the same, so that one makes up for another
    lost = []
    for many in (0, 1):
        seen = gptq.Hessian(300)
        if many:
            seen.add(seen.measure(x), len(x))
        layer = layers.Dense(3, use_bias=False)
        layer.build((None, 300))
        layer.kernel.assign(weight)
        layer.become(quantizers.GPTQConfig(None, None, group_size=size, weight_bits=3), seen)
        lost.append(np.abs(np.asarray(layer(x)) - x @ weight).mean())
    assert lost[1] < 0.8 * lost[0]


class Block(layers.Layer):
    """What a transformer is made of."""

    def __init__(self, **options):
        super().__init__(**options)
        self.attention = layers.MultiHeadAttention(2, 4, name="attention")
        self.inner, self.outer = layers.Dense(24, activation="relu", name="inner"), layers.Dense(8, name="outer")

    def call(self, x):
        x = x + self.attention(x, x)
        return x + self.outer(self.inner(x))


def transformer():
    tokens = layers.Input((6,), dtype="int32")
    table, one, two = layers.Embedding(20, 8, embeddings_initializer="normal"), Block(), Block()
    model = tricera.Model(tokens, layers.Dense(3, name="head")(two(one(table(tokens)))))
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=w.shape) * 0.5 for w in model.weights])
    table.embeddings.assign(table.embeddings * np.linspace(0.2, 3, 8))
    return model, {"pre_block_layers": [table], "sequential_blocks": [one, two]}


DATA = [np.random.default_rng(0).integers(0, 20, 200)]


@pytest.mark.parametrize("kind, options", [("GPTQConfig", {"weight_bits": 3}), ("AWQConfig", {"group_size": -1})])
def test_models_lose_less_than_by_rounding(kind, options):
    x = DATA[0][:180].reshape(30, 6)
    config = getattr(quantizers, kind)(DATA, None, num_samples=20, sequence_length=6, **options)
    lost = []
    for looks in (False, True):
        model, structure = transformer()
        table, block = structure["pre_block_layers"][0], structure["sequential_blocks"][0]
        expected = np.asarray(block(table(x)))
        if looks:
            config.quantization_layer_structure = structure
            model.quantize(config=config)
            assert block.inner.quantized and not model.get_layer("head").quantized
        else:
            for layer in block._flatten_layers():
                if isinstance(layer, layers.Dense | layers.EinsumDense):
                    layer.quantize(config=config)
        lost.append(np.square(np.asarray(block(table(x))) - expected).mean())
    assert lost[1] < 0.9 * lost[0]


def test_a_model_says_what_its_blocks_are_and_filters_which_layers():
    _, structure = transformer()

    class Mine(tricera.Model):
        def get_quantization_layer_structure(self, mode=None):
            return structure if mode == "awq" else None

    tokens = layers.Input((6,), dtype="int32")
    table, (one, two) = structure["pre_block_layers"][0], structure["sequential_blocks"]
    model = Mine(tokens, two(one(table(tokens))))
    config = quantizers.AWQConfig(["abc def", "ghi"], lambda text: [ord(c) % 20 for c in text], num_samples=2)
    config.sequence_length = 6
    model.quantize(config=config, filters=["inner", "query"])
    found = [layer.name for layer in model._flatten_layers() if getattr(layer, "quantized", False)]
    assert sorted(found) == ["inner", "inner", "query", "query"]
    assert one.inner.quantization_config.dataset is None


def test_pieces_are_spread_over_the_texts():
    config = quantizers.GPTQConfig([[1, 2, 3], np.arange(4, 11)], None, num_samples=3, sequence_length=2)
    assert [piece.tolist() for piece in pieces(config)] == [[[1, 2]], [[4, 5]], [[7, 8]]]
    config.sequence_length = 8
    assert [piece[0, 0] for piece in pieces(config)] == [1, 8, 5]  # repeated until there is enough


def test_configs_and_policies_are_those_of_keras(keras):
    for name in CONFIGS:
        ours, theirs = config_of(tricera, name), config_of(keras, name)
        assert ours.get_config() == theirs.get_config() and ours.dtype_policy_string() == theirs.dtype_policy_string()
        policies = [
            library.dtype_policies.get(f"{ours.dtype_policy_string()}_from_mixed_bfloat16")
            for library in (tricera, keras)
        ]
        assert policies[0].get_config() == policies[1].get_config() and policies[0].name == policies[1].name
        assert (policies[0].weight_bits, policies[0].group_size) == (policies[1].weight_bits, policies[1].group_size)
        assert tricera.dtype_policies.deserialize(tricera.dtype_policies.serialize(policies[0])) == policies[0]


def quantized(**options):
    config = quantizers.GPTQConfig(**{"dataset": DATA, "tokenizer": None, "sequence_length": 6} | options)
    config.quantization_layer_structure = transformer()[1]
    transformer()[0].quantize(config=config)


MESSAGES = {
    "no blocks": (lambda: transformer()[0].quantize(config=quantizers.GPTQConfig(DATA, None)), ValueError, """\
No sequential blocks found: mode 'gptq' quantizes layers block by block.
  expected: a dict with 'pre_block_layers' and 'sequential_blocks', lists of layers
  got:      None
  fix:      pass `quantization_layer_structure=` to the config."""),
    "one text": (lambda: quantized(dataset="abc"), TypeError, """\
GPTQConfig: the `dataset` argument must be an iterable of texts or of arrays of tokens.
  got:      str"""),
    "no texts": (lambda: quantized(dataset=None), ValueError, """\
GPTQConfig: the provided dataset is empty.
  got:      None"""),
    "no tokenizer": (lambda: quantized(dataset=["abc"]), ValueError, """\
GPTQConfig: texts need a tokenizer.
  fix:      pass `tokenizer=`, an object with `tokenize(text)`."""),
    "bits": (lambda: quantizers.AWQConfig(None, None, weight_bits=3), ValueError, """\
AWQConfig: Unsupported weight_bits: it only supports 4-bit quantization.
  got:      weight_bits=3"""),
    "group": (lambda: quantizers.GPTQConfig(None, None, group_size=0), ValueError, """\
GPTQConfig: Invalid group_size. Supported values are -1 (one group) or a positive integer.
  got:      group_size=0"""),
    "samples": (lambda: quantizers.GPTQConfig(None, None, num_samples=0), ValueError, """\
GPTQConfig: num_samples must be a positive integer.
  got:      num_samples=0"""),
    "damping": (lambda: quantizers.GPTQConfig(None, None, hessian_damping=2), ValueError, """\
GPTQConfig: hessian_damping must be between 0 and 1.
  got:      hessian_damping=2"""),
    "form": (lambda: tricera.dtype_policies.get("gptq/4_from_float32"), ValueError, """\
Invalid mode for GPTQDTypePolicy. Expected format 'gptq/weight_bits/group_size' with whole numbers.
  got:      'gptq/4'"""),
    "policy's bits": (lambda: tricera.dtype_policies.get("awq/3/4_from_float32"), ValueError, """\
Invalid weight_bits in mode. AWQ only supports 4-bit.
  got:      'awq/3/4'"""),
    "block": (lambda: tricera.dtype_policies.get("int4/0_from_float32"), ValueError, """\
Invalid block_size in mode. Supported values are -1 (no groups) or a positive integer.
  got:      'int4/0'"""),
}  # fmt: skip


@pytest.mark.parametrize("name", MESSAGES)
def test_messages(name):
    call, kind, text = MESSAGES[name]
    with pytest.raises(kind) as error:
        call()
    assert str(error.value) == text
