import numpy as np
import pytest

from tests.laws.table import scatter
from tricera import layers

random = np.random.default_rng(0)
QUERY, VALUE = (random.normal(size=(2, n, 4)).astype("float32") for n in (3, 5))
QUERY_MASK = np.array([[True, True, False], [True, False, False]])
VALUE_MASK = np.array([[True, True, False, True, True], [True, False, False, True, True]])
CALLS = [
    {"use_causal_mask": True},
    {"attention_mask": random.random((2, 3, 5)) > 0.4},
    {"query_mask": QUERY_MASK, "value_mask": VALUE_MASK, "return_attention_scores": True},
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: "-".join(call))
@pytest.mark.parametrize(
    ("name", "args", "kwargs"),
    [
        ("MultiHeadAttention", (2, 3), {"output_shape": (3, 2), "sliding_window": 2}),
        ("GroupQueryAttention", (3, 4, 2), {"use_gate": True}),
    ],
)
def test_masks_scores_and_windows_are_those_of_keras(keras, name, args, kwargs, call):
    ours, theirs = (getattr(namespace, name)(*args, **kwargs) for namespace in (layers, keras.layers))
    ours(QUERY, VALUE)
    theirs(QUERY, VALUE)
    theirs.set_weights(scatter(ours))
    one = ours(QUERY, VALUE, **call)
    if name == "MultiHeadAttention" and "query_mask" in call:  # there Keras heeds only a mask that the query carries
        call = {"attention_mask": QUERY_MASK[..., None], **{key: call[key] for key in call if key != "query_mask"}}
    other = theirs(QUERY, VALUE, **call)
    for a, b in zip(one, other, strict=True) if isinstance(one, tuple) else [(one, other)]:
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", ["Attention", "AdditiveAttention"])
def test_attention_masks_queries_values_and_the_future(keras, name):
    ours, theirs = getattr(layers, name)(), getattr(keras.layers, name)()
    ours([QUERY, VALUE])
    theirs([QUERY, VALUE])
    theirs.set_weights(scatter(ours))
    call = {"mask": [QUERY_MASK, VALUE_MASK], "use_causal_mask": True, "return_attention_scores": True}
    for a, b in zip(ours([QUERY, VALUE], **call), theirs([QUERY, VALUE], **call), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


def test_axes_to_attend_over_count_from_either_end(keras):
    x = random.normal(size=(2, 3, 4, 4)).astype("float32")
    ours, theirs = (space.MultiHeadAttention(2, 3, attention_axes=-2) for space in (layers, keras.layers))
    ours(x, x)
    theirs(x, x)
    theirs.set_weights(scatter(ours))
    np.testing.assert_allclose(ours(x, x), theirs(x, x), rtol=2e-5, atol=2e-6)
