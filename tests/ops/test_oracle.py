"""Every op on arrays gives what real Keras gives, in value and dtype; on symbolic tensors the same shape and dtype."""

import jax
import numpy as np
import pytest

from tests import quick
from tricera import ops
from tricera.engine.graph import KerasTensor

F = np.array([[0.5, -1.25, 2.0, 0.0], [1.5, 0.25, -0.75, 3.0], [-2.0, 1.0, 0.75, -0.5]], "float32")
G = np.array([[1.5, 2.0, -1.0, 0.5], [0.0, 0.25, 1.25, -3.0], [2.0, -1.0, 0.5, 4.0]], "float32")
UNIT = np.array([[0.5, -0.25, 0.9, 0.0], [0.1, 0.25, -0.75, 0.3], [-0.2, 1.0, 0.75, -0.5]], "float32")
NAN = np.where(F == 0, np.nan, F).astype("float32")
I = np.array([[3, -1, 2, 0], [1, 5, -7, 4], [2, 2, 1, -6]], "int32")  # noqa: E741
J = np.array([[1, 2, 3, 4], [5, 4, 3, 2], [1, 1, 2, 3]], "int32")
B = np.array([[True, False, True, True], [False, False, True, False], [True, True, False, False]])
C = np.array([[True, True, False, True], [False, True, False, False], [True, False, True, False]])
Z = (F + 1j * G).astype("complex64")
V = np.array([1.0, 2.0, 4.0], "float32")
IDS = np.array([0, 2, 1], "int32")
SQUARE = np.array([[[4, 1, 0.5], [1, 3, 0.25], [0.5, 0.25, 2]], [[2, 0.5, 0], [0.5, 5, 1], [0, 1, 3]]], "float32")
IMAGE = np.sin(np.arange(2 * 6 * 6 * 4, dtype="float32")).reshape(2, 6, 6, 4)
KERNEL = np.cos(np.arange(3 * 3 * 4 * 2, dtype="float32")).reshape(3, 3, 4, 2)
HEADS = np.sin(np.arange(2 * 3 * 2 * 4, dtype="float32") ** 2).reshape(2, 3, 2, 4)
P = np.array([[0.2, 0.3, 0.1, 0.4], [0.9, 0.05, 0.0, 0.05], [0.25, 0.25, 0.25, 0.25]], "float32")
HOT = np.eye(4, dtype="float32")[[3, 0, 1]]

ANY = """
    abs absolute negative sign square ceil floor round trunc isfinite isinf isnan isneginf isposinf isreal signbit
    logical_not all any sum prod mean median max min amax amin argmax argmin std var ptp count_nonzero cumsum cumprod
    sort argsort exp sqrt log1p cos sin tanh sinh cosh tan arctan arcsinh expm1 exp2 fabs deg2rad rad2deg i0 sinc cbrt
    real imag conj conjugate angle reciprocal nan_to_num average nansum nanmean nanmax nanmin nanprod nanstd nanvar
    nanargmax nanargmin nancumsum nancumprod nanmedian zeros_like ones_like copy array ravel flip fliplr flipud
    transpose tril triu diag diagonal diagflat trace rot90 squeeze size ndim shape bincount unique nonzero
    relu relu6 leaky_relu elu selu celu gelu glu sigmoid log_sigmoid silu swish hard_sigmoid hard_silu hard_swish
    hard_tanh tanh_shrink hard_shrink soft_shrink softplus softsign squareplus sparse_plus sparse_sigmoid softmax
    log_softmax  rsqrt erf erfc logsumexp normalize stop_gradient corrcoef diff
"""
WITHIN = "arccos arcsin arctanh erfinv"
FROM_ONE = "log log2 log10 arccosh"
PAIRS = """
    add subtract multiply divide true_divide floor_divide mod fmod power maximum minimum fmax fmin hypot arctan2
    equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor logaddexp logaddexp2
    divide_no_nan isclose allclose heaviside outer inner vdot append nextafter
"""
WHOLE = "bitwise_and bitwise_or bitwise_xor left_shift right_shift bitwise_left_shift bitwise_right_shift gcd lcm"
AXES = "sum mean max min std var median argmax argmin all any prod count_nonzero sort cumsum ptp logsumexp average"

CASES = [
    *((name, x) for name in ANY.split() for x in (F, I, B)),
    *((name, NAN) for name in ANY.split() if name.startswith("nan")),
    *((name, Z) for name in ("real", "imag", "conj", "angle", "absolute", "isreal", "view_as_real")),
    *((name, UNIT) for name in WITHIN.split()),
    *((name, np.abs(x) + 1) for name in FROM_ONE.split() for x in (F, I)),
    *((name, a, b) for name in PAIRS.split() for a, b in ((F, G), (I, J), (B, C), (F, 2), (I, 2), (I, 2.5), (F, J))),
    *((name, np.abs(I), J) for name in WHOLE.split()),
    *((name, x, 1) for name in AXES.split() for x in (F, I)),
    *((name, x, (0, 1), True) for name in ("sum", "mean", "max", "all", "std", "logsumexp") for x in (F, B)),
    *((name, F, G[0]) for name in ("add", "maximum", "power", "less")),
    *((name, I) for name in ("bitwise_not", "bitwise_invert")),
    ("max", F, 0, False, 1.0),
    ("min", I, 1, True, -2),
    ("prod", F, 1, False, "float32"),
    ("round", F, 1),
    ("clip", F, -0.5, 0.5),
    ("clip", I, 0, 3),
    ("clip", B, 0, 1),
    ("ldexp", F, J),
    ("fabs", I),
    ("average", F, 1, G[0] + 5),
    ("quantile", F, 0.3),
    ("quantile", F, [0.25, 0.5], 1),
    ("quantile", I, 0.3, 0, "lower", True),
    ("percentile", F, 30, 1),
    ("nanquantile", NAN, 0.5, 1),
    ("nanpercentile", NAN, 25),
    ("quantile", F, 0.4, 1, "nearest"),
    ("reshape", F, (-1, 2)),
    ("reshape", F, (2, 6)),
    ("view", F, "int32"),
    ("transpose", F, (1, 0)),
    ("moveaxis", IMAGE, 1, -1),
    ("swapaxes", IMAGE, 1, 3),
    ("expand_dims", F, 1),
    ("expand_dims", F, (0, 2)),
    ("squeeze", F[:, :1], 1),
    ("broadcast_to", V[:, None], (3, 2)),
    ("repeat", F, 2),
    ("repeat", F, 2, 1),
    ("repeat", G[:2], np.array([1, 2, 1, 1]), 1),
    ("tile", F, 2),
    ("tile", F, (2, 1)),
    ("flip", F, 0),
    ("roll", F, 1),
    ("roll", F, -2, 1),
    ("rot90", F, 2),
    ("pad", F, 1),
    ("pad", F, ((1, 0), (0, 2)), "constant", 5.0),
    ("pad", F, ((1, 1), (2, 1)), "reflect"),
    ("pad", F, ((0, 0), (1, 1)), "symmetric"),
    ("concatenate", [F, G], 1),
    ("concatenate", [F, J]),
    ("stack", [F, G]),
    ("stack", [F, G], -1),
    ("hstack", [F, G]),
    ("vstack", [F, G]),
    ("dstack", [F, G]),
    ("append", F, G, 1),
    ("split", F, 2, 1),
    ("split", F, [1, 3], 1),
    ("array_split", F, 3, 1),
    ("hsplit", F, 2),
    ("vsplit", F, 3),
    ("dsplit", IMAGE[:, 0], 2),
    ("take", F, [0, 2], 1),
    ("take", F, I % 3, 0),
    ("take", F, -1, 1),
    ("take", F, J),
    ("take_along_axis", F, I % 3, 0),
    ("take_along_axis", F, J % 4, 1),
    ("where", B, F, G),
    ("where", B, F, 0),
    ("where", B, 1, 2.0),
    ("where", F > 0, I, 1.5),
    ("select", [B, C], [F, G], 7),
    ("unravel_index", IDS, (2, 2)),
    ("get_item", F, 1),
    ("get_item", F, (slice(None), 0)),
    ("get_item", F, (..., None)),
    ("diag", V, 1),
    ("diag", F, -1),
    ("diagonal", F, 1),
    ("tril", F, -1),
    ("triu", I, 1),
    ("sort", F, 0),
    ("argsort", F, 0),
    ("searchsorted", V, F),
    ("searchsorted", V, F, "right"),
    ("digitize", F, V),
    ("bincount", J.ravel()),
    ("bincount", J[0], F[0], 6),
    ("bincount", J),
    ("histogram", F),
    ("histogram", F, 3, (0, 1)),
    ("isin", I, J),
    ("isin", I, J, False, True),
    ("argpartition", F[0], 2),
    ("unique", J, True, True, True, True),
    ("unique", J, True, False, False, False, 0),
    ("matmul", F, G.T),
    ("matmul", I, J.T),
    ("matmul", F, V @ F),
    ("dot", F, G.T),
    ("dot", IMAGE, KERNEL[0, 0]),
    ("tensordot", F, G, 2),
    ("tensordot", F, G.T, 1),
    ("tensordot", IMAGE, KERNEL, [[3], [2]]),
    ("einsum", "ij,kj->ik", F, G),
    ("einsum", "ij->j", I),
    ("kron", F[:2, :2], V[:2]),
    ("cross", F[:, :3], G[:, :3]),
    ("trace", F, 1),
    ("slogdet", SQUARE),
    ("diff", F, 2, 0),
    ("correlate", V, F[0]),
    ("correlate", V, F[0], "full"),
    ("correlate", IDS, J[0], "same"),
    ("trapezoid", F),
    ("trapezoid", F, None, 0.5, 0),
    ("trapezoid", V, V * 2),
    ("zeros", (2, 3)),
    ("ones", (2,), "int32"),
    ("empty", (2,)),
    ("full", (2, 2), 3),
    ("full", (2,), 1.5, "int32"),
    ("full_like", F, 2),
    ("full_like", I, 2.5, "float32"),
    ("zeros_like", F, "int32"),
    ("eye", 3),
    ("eye", 2, 3, 1, "int32"),
    ("identity", 3),
    ("tri", 3, 4, -1),
    ("arange", 5),
    ("arange", 1, 6, 2),
    ("arange", 1.0, 2.0, 0.25),
    ("arange", 5, None, None, "float32"),
    ("linspace", 0, 1, 5),
    ("linspace", V, V * 2, 3),
    ("linspace", 0, 1, 5, False),
    ("linspace", 0, 1, 5, True, True),
    ("logspace", 0, 2, 4),
    ("geomspace", 1, 8, 4),
    ("meshgrid", V, IDS),
    ("vander", V),
    ("vander", V, 2, True),
    ("bartlett", 5),
    ("blackman", 5),
    ("hamming", 5),
    ("hanning", 5),
    ("kaiser", 5, 3.0),
    ("empty_like", F),
    ("array", [1, 2.5]),
    ("relu6", F * 4),
    ("leaky_relu", F, 0.3),
    ("elu", F, 0.5),
    ("celu", F, 2.0),
    ("gelu", F, False),
    ("glu", F[:2], 0),
    ("hard_shrink", F, 1.0),
    ("squareplus", F, 1),
    ("soft_shrink", F, 1.0),
    ("threshold", F, 0.6, -3.0),
    ("softmax", F, 0),
    ("softmax", F, (0, 1)),
    ("log_softmax", F, 0),
    ("one_hot", IDS, 4),
    ("one_hot", J, 6, 0),
    ("one_hot", [-1, 1, 9], 3, -1, "int32"),
    ("multi_hot", J, 6),
    ("multi_hot", IDS, 4),
    ("categorical_crossentropy", HOT, P),
    ("categorical_crossentropy", HOT, F, True),
    ("categorical_crossentropy", HOT, P, False, 0),
    ("sparse_categorical_crossentropy", IDS, P),
    ("sparse_categorical_crossentropy", IDS[:, None], F, True),
    ("sparse_categorical_crossentropy", IDS, F + 3),
    ("sparse_categorical_crossentropy", IDS - 1, F, True),
    ("binary_crossentropy", HOT, P),
    ("binary_crossentropy", HOT, F, True),
    ("moments", F, 0),
    ("moments", IMAGE, (0, 1, 2), True),
    ("moments", F.astype("float16"), 1),
    ("batch_normalization", IMAGE, F[0], P[0] + 0.5, -1),
    ("normalize", F, 1, 1),
    ("normalize", F * 0, 1),
    ("batch_normalization", IMAGE, F[0], P[0] + 0.5, 3, G[0], F[1], 1e-5),
    ("normalize", F, 1, 3),
    ("layer_normalization", F),
    ("layer_normalization", IMAGE, F[0], G[0]),
    ("layer_normalization", IMAGE, None, None, (1, 2), 0.1),
    ("rms_normalization", F),
    ("rms_normalization", F, G[0]),
    ("psnr", F, G, 2.0),
    ("polar", F, G),
    ("dot_product_attention", HEADS, HEADS + 1, HEADS),
    ("dot_product_attention", HEADS, HEADS * 2, HEADS, None, None, 0.3, True),
    ("dot_product_attention", HEADS, HEADS, HEADS, None, B[:, :3][None, None]),
    ("dot_product_attention", HEADS, HEADS, HEADS, F[:, :3][None, None], None, None, False, None, 2.0),
    ("conv", IMAGE, KERNEL),
    ("conv", IMAGE, KERNEL, 2, "same"),
    ("conv", IMAGE, KERNEL, 1, "valid", None, 2),
    ("conv", IMAGE[..., :2], KERNEL[:, :, :1]),
    ("conv", IMAGE, KERNEL, 2, "same", "channels_last", 1),
    ("conv", IMAGE, KERNEL[:, :, :2], (1, 2)),
    ("conv", IMAGE[:, 0], KERNEL[0], 1, "same"),
    ("depthwise_conv", IMAGE, KERNEL),
    ("depthwise_conv", IMAGE, KERNEL, 2, "same"),
    ("separable_conv", IMAGE, KERNEL, KERNEL.reshape(1, 1, 8, 9)),
    ("conv_transpose", IMAGE[..., :2], KERNEL),
    ("conv_transpose", IMAGE[..., :2], KERNEL, 2, "same"),
    ("conv_transpose", IMAGE[..., :2], KERNEL, 2),
    ("conv_transpose", IMAGE[..., :2], KERNEL, 2, "same", 1),
    ("conv_transpose", IMAGE[..., :2], KERNEL, 2, "valid", 1),
    ("conv_transpose", IMAGE[..., :2], KERNEL, 3, "same"),
    ("conv_transpose", IMAGE[..., :2], KERNEL, 4, "valid"),
    ("conv_transpose", IMAGE[:1, ..., :2], KERNEL[:2], 1, "same"),
    ("conv_transpose", IMAGE[:1, ..., :2], KERNEL[:2], 3, "same", 1),
    ("conv_transpose", IMAGE[..., :2], KERNEL, 1, "same", None, None, 2),
    ("conv_transpose", IMAGE[..., :2], KERNEL, 1, "valid", None, None, 2),
    ("conv_transpose", IMAGE[:, 0, :, :2], KERNEL[0], 2, "same"),
    ("max_pool", IMAGE, 2, 2),
    ("max_pool", IMAGE, 3, 2, "same"),
    ("max_pool", IMAGE, (2, 1), (2, 1), "valid", "channels_first"),
    ("max_pool", IMAGE[:, 0], 2, 2),
    ("average_pool", IMAGE, 2, 2),
    ("average_pool", IMAGE, 3, 2, "same"),
    ("average_pool", IMAGE, 4, 1),
    ("adaptive_max_pool", IMAGE, 4),
    ("adaptive_average_pool", IMAGE, (3, 5)),
    ("adaptive_average_pool", IMAGE, 4, "channels_first"),
    ("depth_to_space", IMAGE, 2),
    ("space_to_depth", IMAGE, 2),
    ("depth_to_space", IMAGE[:, :4], 2, "channels_first"),
    ("space_to_depth", IMAGE, 2, "channels_first"),
    ("unfold", IMAGE, 2),
    ("unfold", IMAGE, 2, 1, 1, 2),
    ("unfold", IMAGE, (2, 3), 2),
    ("fold", HEADS.reshape(2, 12, 2)[:, :, :1], 2, 2),
    ("fold", IMAGE.reshape(2, 16, 9), 4, 2),
    ("fold", IMAGE.reshape(2, 16, 9), 6, 2, 2, 0, 2),
    ("cholesky", SQUARE),
    ("cholesky", SQUARE, True),
    ("cholesky_inverse", SQUARE),
    ("cholesky_inverse", SQUARE, True),
    ("det", SQUARE),
    ("logdet", SQUARE),
    ("inv", SQUARE),
    ("pinv", F),
    ("eigh", SQUARE),
    ("lu_factor", SQUARE),
    ("matrix_rank", SQUARE),
    ("norm", F),
    ("norm", F, 1, 1),
    ("norm", F, "fro"),
    ("norm", I, 2, 0, True),
    ("norm", F, np.inf, (0, 1)),
    ("qr", F),
    ("qr", F, "complete"),
    ("solve", SQUARE, F[None, :2, :3].repeat(2, 0).swapaxes(1, 2)),
    ("solve", SQUARE, F[:2, :3]),
    ("solve_triangular", SQUARE, F[:2, :3]),
    ("solve_triangular", SQUARE, SQUARE, True),
    ("lstsq", F, V),
    ("svd", F),
    ("svd", F, False, False),
    ("cast", F, "int32"),
    ("cast", I, bool),
    ("cast", B, "float32"),
    ("cast", Z, "float32"),
    ("saturate_cast", F * 300, "int8"),
    ("saturate_cast", F, "uint8"),
    ("saturate_cast", I, "uint8"),
    ("saturate_cast", F * 1e6, "float16"),
    ("convert_to_tensor", F),
    ("convert_to_tensor", [1, 2], "float32"),
    ("convert_to_numpy", F),
    ("is_tensor", F),
    ("is_tensor", 3),
    ("dtype", F),
    ("shape", F),
    ("slice", F, (1, 0), (2, 2)),
    ("slice", F, [0, IDS[2]], [2, 2]),
    ("slice_update", F, (1, 1), G[:2, :2]),
    ("scatter", IDS[:, None], F, (4, 4)),
    ("scatter", J[:, :2] % 3, V, (4, 4)),
    ("scatter_update", F, IDS[:, None], G),
    ("scatter_update", F, [[0, 1], [2, 2]], [9, 8]),
    ("scatter_update", F, [[0, 1], [2, 2]], [9, 8], "add"),
    ("scatter_update", I, [[0, 1], [2, 2]], [9, 8], "max"),
    ("scatter_update", I, [[0, 1], [2, 2]], [9, 8], "min"),
    ("scatter_update", F, [[0, 1], [2, 2]], [9, 8], "mul"),
    ("unstack", F),
    ("unstack", F, None, 1),
    ("segment_sum", F, IDS, 3),
    ("segment_sum", F, IDS * 0 + 1, 4),
    ("segment_max", F, IDS, 3),
    ("segment_min", F, IDS, 3),
    ("segment_prod", F, IDS, 3),
    ("top_k", F, 2),
    ("top_k", I, 3),
    ("in_top_k", IDS, F, 2),
    ("cdist", F, G),
    ("view_as_complex", F[:, :2]),
    ("erfinv", UNIT),
    ("fft", (F, G)),
    ("fft2", (F, G)),
    ("ifft2", (F, G)),
    ("rfft", F),
    ("rfft", F, 8),
    ("rfft", F, 2),
    ("irfft", (F, G)),
    ("irfft", (F, G), 4),
    ("extract_sequences", F, 2, 1),
    ("stft", IMAGE.ravel()[:64], 16, 4, 16),
    ("stft", IMAGE.ravel().reshape(4, 72), 12, 5, 16, "hamming", False),
    ("stft", IMAGE.ravel().reshape(4, 72), 12, 5, 16, None),
    ("istft", (F[:2, :3].repeat(3, 0), G[:2, :3].repeat(3, 0)), 4, 2, 4),
    ("istft", (F[:2, :3].repeat(3, 0), G[:2, :3].repeat(3, 0)), 4, 2, 4, None, "hamming", False),
    ("rearrange", IMAGE, "b h w c -> b (h w) c"),
    ("rearrange", IMAGE, "b h w c -> c w h b"),
    ("ctc_loss", J % 3 + 1, HEADS.reshape(3, 4, 4), IDS + 1, IDS * 0 + 4),
    ("ctc_loss", J % 3, HEADS.reshape(3, 4, 4), IDS * 0 + 3, IDS * 0 + 4),  # with blanks among the labels
    ("ctc_loss", J[:, :2] % 3 + 1, HEADS.reshape(3, 4, 4), IDS * 0 + 2, IDS + 2),
    ("ctc_decode", HEADS.reshape(3, 4, 4), IDS + 2),
    ("ctc_decode", HEADS.reshape(3, 4, 4), IDS + 2, "greedy", 100, 1, False, 3),
    ("ctc_decode", HEADS.reshape(3, 4, 4) * 3, IDS + 2, "beam_search", 4, 2),
]
NUMBERS = [f"{number}-{case[0]}" for number, case in enumerate(CASES)]
# What Keras makes of dozens of small steps runs there as one program.
MANY_STEPS = """
    adaptive_average_pool adaptive_max_pool ctc_decode ctc_loss dot_product_attention fold istft layer_normalization
    stft unfold
"""


def of_keras(keras, name, args):
    """What Keras' op gives."""
    function = getattr(keras.ops, name)
    return quick.jit(lambda: function(*args))() if name in MANY_STEPS.split() else function(*args)


@pytest.mark.parametrize("case", CASES, ids=NUMBERS)
def test_same_values_and_dtypes_as_keras(keras, case):
    name, *args = case
    try:
        expected = jax.tree.leaves(of_keras(keras, name, args))
    except Exception:  # what Keras refuses (integers, mostly) has no oracle
        return
    got = jax.tree.leaves(getattr(ops, name)(*args))
    assert len(got) == len(expected)
    for mine, theirs in zip(got, expected, strict=True):
        if isinstance(theirs, str | int):
            assert mine == theirs
            continue
        assert mine.dtype == theirs.dtype
        np.testing.assert_allclose(mine, theirs, rtol=2e-5, atol=2e-5)


# Their shapes depend on values; they are no ops; or they need a known size along the first axis.
BY_VALUE = {"bincount", "unique", "nonzero", "convert_to_numpy", "is_tensor", "dtype", "shape", "histogram"}
BY_SIZE = {"diag", "diagonal", "unstack", "vsplit", "size", "array_split", "split", "broadcast_to", "glu"}
SYMBOLIC = [
    case
    for case in CASES
    if case[0] not in BY_VALUE and isinstance(case[1], np.ndarray | list | tuple) and case[1] is not Z
]


def symbolic(args, size, batch):
    """The arguments with a symbolic tensor for each array whose first axis has this size."""

    def each(x):
        if not isinstance(x, np.ndarray) or not x.ndim or len(x) != size or x.dtype.kind not in "fi":
            return x
        return KerasTensor((batch, *x.shape[1:]), x.dtype)

    return jax.tree.map(each, args)


@pytest.mark.parametrize("case", SYMBOLIC, ids=[f"{number}-{case[0]}" for number, case in enumerate(SYMBOLIC)])
def test_symbolic_shape_is_eager_shape(case):
    name, *args = case
    function, arrays = getattr(ops, name), [x for x in jax.tree.leaves(args) if isinstance(x, np.ndarray) and x.ndim]
    if not arrays or arrays[0].dtype == bool:
        return
    try:
        eager = jax.tree.leaves(function(*args))
    except (TypeError, ValueError):  # a dtype that the op does not take
        return
    size = len(arrays[0])
    for batch in (size,) if name in BY_SIZE else (None, size):
        inferred = jax.tree.leaves(function(*symbolic(args, size, batch)), is_leaf=lambda x: isinstance(x, KerasTensor))
        assert len(inferred) == len(eager)
        for made, known in zip(inferred, eager, strict=True):
            if not isinstance(made, KerasTensor):
                assert made == known
                continue
            assert made.dtype == known.dtype
            assert len(made.shape) == known.ndim
            assert all(a == b or (a is None and batch is None) for a, b in zip(made.shape, known.shape, strict=True))
