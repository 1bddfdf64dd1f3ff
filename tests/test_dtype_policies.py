"""Policies of dtypes, and maps of them, against Keras' own."""

import time

import pytest

import tricera
from tricera import config, dtype_policies


def mapped(module):
    policies = module.dtype_policies
    found = policies.DTypePolicyMap("mixed_bfloat16", {"seq/dense_.*": policies.DTypePolicy("float16")})
    model = module.Sequential(name="seq")
    for name in ("dense_x", "other"):
        model.add(module.layers.Dense(2, dtype=found, name=name))
    model.build((None, 3))
    return found, model


def test_a_map_gives_each_layer_what_keras_gives_it(keras):
    (ours, model), (theirs, original) = mapped(tricera), mapped(keras)
    for layer, other in zip(model.layers, original.layers, strict=True):
        assert (layer.compute_dtype, layer.variable_dtype) == (other.compute_dtype, other.variable_dtype)
        assert [v.dtype for v in layer.weights] == [v.dtype for v in other.weights]
    assert ours.name == theirs.name
    assert list(ours.items()) == [("seq/dense_.*", tricera.DTypePolicy("float16"))]
    assert dtype_policies.serialize(ours)["config"] == keras.dtype_policies.serialize(theirs)["config"]


def test_a_map_comes_back_from_its_configuration_and_is_a_mapping():
    found = dtype_policies.DTypePolicyMap(policy_map={"a/b": "float16", "c": "bfloat16"})
    again = dtype_policies.deserialize(dtype_policies.serialize(found))
    assert again == found
    assert repr(again).endswith("default_policy=float32, mapping=[('a/b', 'float16'), ('c', 'bfloat16')]>")
    assert again.pop("c").name == "bfloat16"
    assert list(again) == ["a/b"]
    assert again["z"] == again.default_policy == dtype_policies.get(None)
    config.set_dtype_policy(again)
    try:
        assert tricera.layers.Dense(1).dtype_policy is again
    finally:
        config.set_dtype_policy(None)


MESSAGES = {
    "twice": (lambda found: found.__setitem__("a", "float32"), """\
a already exist in the DTypePolicyMap with value <DTypePolicy "float16">.
  fix:      delete the key first."""),
    "several": (lambda found: found["ab"], """\
Path 'ab' matches multiple dtype policy keys of the DTypePolicyMap.
  got:      'a.', '.b'"""),
    "pattern": (lambda found: found.__setitem__("(", "float32"), """\
'(' is no regular expression: missing ), unterminated subpattern at position 0."""),
}  # fmt: skip


@pytest.mark.parametrize("name", MESSAGES)
def test_messages(name):
    call, text = MESSAGES[name]
    with pytest.raises(ValueError) as error:
        call(dtype_policies.DTypePolicyMap(policy_map={"a": "float16", "a.": "float16", ".b": "float16"}))
    assert str(error.value) == text


def test_a_pattern_describes_the_whole_path_and_is_no_layer():
    found = dtype_policies.DTypePolicyMap("float32", {"model/query": "float16", "model/.*_b": "bfloat16"})
    assert [found[path].name for path in ("model/query", "model/query_norm", "model/a_b")] == [
        "float16",
        "float32",
        "bfloat16",
    ]
    assert "model/query" in found and "model/a_b" not in found and "else" not in found
    with pytest.raises(TypeError) as error:
        dtype_policies.DTypePolicyMap(policy_map=3)
    assert str(error.value) == "If specified, `policy_map` must be a dict.\n  got:      3"


def test_a_policy_without_a_name_is_that_of_the_process():
    config.set_dtype_policy("mixed_bfloat16")
    try:
        assert dtype_policies.DTypePolicy().name == "mixed_bfloat16"
    finally:
        config.set_dtype_policy(None)
    with pytest.raises(TypeError) as error:
        dtype_policies.DTypePolicy(123)
    assert str(error.value) == "'name' must be a string, such as 'mixed_float16'.\n  got:      123"


def test_patterns_of_a_file_take_no_time_and_are_asked_once():
    found = dtype_policies.DTypePolicyMap("float32", {"(a+)+$x": "float16", ".*b+c$": "float16"})
    start = time.perf_counter()
    assert found["a" * 300].name == "float32" and found["x/bbc"].name == "float16"
    assert time.perf_counter() - start < 2
    found["x/bbc"] = "bfloat16"
    assert found["x/bbc"].name == "bfloat16"
    del found["x/bbc"], found[".*b+c$"]
    assert found["x/bbc"].name == "float32"
    with pytest.raises(ValueError) as error:
        found["(?i)a"] = "float16"
    assert str(error.value) == "'(?i)a' has flags, which are not known here."
