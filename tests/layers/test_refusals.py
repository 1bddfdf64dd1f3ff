"""Arguments that make no sense: every layer refuses them when it is made, in the common form."""

import inspect

import pytest

from tests.laws.table import ROWS, Inner
from tricera import layers

# What no layer can take, by the name of the argument.
NONSENSE = {
    "units": (-1, 0, 2.5, "3"),
    "filters": (-1, 0, 2.5),
    "kernel_size": (0, -1, (1, 2, 3, 4), "3"),
    "strides": (0, -2, (1, 2, 3, 4)),
    "dilation_rate": (0, -1),
    "pool_size": (0, -1, (1, 2, 3, 4)),
    "padding": ("sme",),
    "groups": (0, 1.5, "2"),
    "depth_multiplier": (0, -1, 1.5),
    "data_format": ("channels_frist",),
    "rate": (-0.1, 1.5, "0.5", None),
    "dropout": (-0.1, 1.5),
    "recurrent_dropout": (-0.1, 1.5),
    "num_heads": (0, -1, 1.5),
    "num_query_heads": (0, 5),
    "key_dim": (0, -1),
    "head_dim": (0, -1),
    "sliding_window": (0, -3),
    "noise_shape": ("x", (1, 0), (1, -1), (2, 1.5)),
    "size": (0, -1, "2"),
    "cropping": (-1, "1", (1, 2, 3, 4)),
    "n": (0, -1, 1.5),
    "input_dim": (0, -1, 1.5),
    "output_dim": (0, -1, 1.5),
    "num_tokens": (0, -1, 1.5),
    "num_bins": (0, -1, 1.5),
    "num_oov_indices": (-1, 1.5),
    "max_tokens": (0, -1, 1),
    "output_mode": ("ints",),
    "interpolation": ("bilinaer",),
    "merge_mode": ("summ",),
    "score_mode": ("dott",),
    "power_iterations": (0, -1),
    "epsilon": (-1.0,),
    "momentum": (-0.1, 1.5),
    "stddev": (-1.0,),
    "axis": ("x",),
    "tile_grid_size": (0, (1, 2, 3)),
    "clip_limit": (-1, "x"),
    "value_range": ((1, 0), 3),
    "frame_length": (0, -1),
    "frame_step": (0, -1),
    "fft_length": (0,),
    "num_mel_bins": (0, -1),
    "activation": ("rellu",),
    "kernel_initializer": ("glorot",),
    "kernel_regularizer": ("l7",),
    "kernel_constraint": ("maxnorm7",),
    "dtype": ("float31", {"name": "float32"}),
    "use_bias": ("zeros", 2),
    "return_sequences": ("yes", []),
    "mask_zero": ("0", 3),
    "target_shape": ("ab", (1.5, 2), (-2,)),
    "output_padding": (-1, 7),
    "value_dim": (0, -1),
    "attention_axes": ("x", (1.5,)),
    "sigma": (-1, (1, 2, 3)),
    "alpha": ("x", float("nan")),
    "fill_value": ("x",),
    "negative_slope": (-1, "x"),
    "min_freq": (-1, 1e9),
    "sequence_length": (0, 1.5),
    "mask_token": ({}, []),
    "name": (3,),
    "sead": (3,),
}
ONCE = {row.name: row for row in ROWS}
CASES = [
    (row, argument, value)
    for row in ONCE.values()
    for argument in [*inspect.signature(getattr(layers, row.name)).parameters, "dtype", "name", "sead"]
    for value in NONSENSE.get(argument, ())
]


def made(row, argument, value):
    """The layer of a row with another value for one argument."""
    given = inspect.signature(getattr(layers, row.name)).bind(*row.args, **row.kwargs).arguments
    extra = given.pop("kwargs", {})
    given = {key: getattr(layers, v.name)(*v.args) if isinstance(v, Inner) else v for key, v in given.items()}
    return getattr(layers, row.name)(**{**given, **extra, argument: value})


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0].name}-{case[1]}={case[2]}")
def test_nonsense_is_refused_by_a_message_that_shows_it(case):
    with pytest.raises((ValueError, TypeError, NotImplementedError)) as caught:
        made(*case)
    message = str(caught.value)
    assert "\n  " in message and (repr(case[2]) in message or case[1] in message), message
