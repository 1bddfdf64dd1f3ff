"""What does not fit an operation is said when it is called."""

import numpy as np
import pytest

from tricera import ops

X = np.arange(6, dtype="float32").reshape(3, 2)
FAR = np.ones((2, 2, 4), "float32")
MESSAGES = [
    (
        lambda: ops.slice(X, (0,), (1, 1)),
        (
            "The number of dimensions in `start_indices` must match the number of "
            "dimensions in `inputs`, and the dimensions in `inputs` must match in number the dimensions in `shape`.\n"
            "  got:      1, 2 and 2"
        ),
    ),
    (
        lambda: ops.cond(True, lambda: X, lambda: X[0]),
        (
            "`true_fn` and `false_fn` should return outputs of the same "
            "structure, shapes and dtypes.\n  got:      ShapeDtypeStruct(shape=(3, 2), dtype=float32) and "
            "ShapeDtypeStruct(shape=(2,), dtype=float32)"
        ),
    ),
    (lambda: ops.where(X > 0, X), "`x1` and `x2` either both should be `None` or both should be given."),
    (
        lambda: ops.pad(X, 1, "edge", 2),
        ("Argument `constant_values` can only be provided when `mode == 'constant'`.\n  got:      mode='edge'"),
    ),
    (
        lambda: ops.segment_sum(X, [0]),
        (
            "Argument `segment_ids` and `data` should have same leading dimension.\n"
            "  got:      data (3, 2), segment_ids (1,)"
        ),
    ),
    (
        lambda: ops.segment_max(X, [[0]]),
        (
            "Argument `segment_ids` should be an 1-D vector, an id for each row.\n"
            "  got:      data (3, 2), segment_ids (1, 1)"
        ),
    ),
    (
        lambda: ops.view_as_complex(X.T),
        ("Last dimension of input must be size 2 (real and imaginary).\n  got:      shape (2, 3)"),
    ),
    (lambda: ops.cholesky(-np.eye(2)), "Cholesky decomposition failed.\n  fix:      pass a positive definite matrix."),
    (lambda: ops.eigh(X), "The input is no matrix of the right shape.\n  expected: (..., n, n)\n  got:      (3, 2)"),
    (lambda: ops.qr(X, "raw"), "`mode` is unknown. Expected one of {'reduced', 'complete'}.\n  got:      'raw'"),
    (lambda: ops.fft(X), (f"Input `x` should be a tuple of two tensors: real and imaginary parts.\n  got:      {X!r}")),
    (
        lambda: ops.fft((X, X[0])),
        ("Both the real and imaginary parts should have the same shape.\n  got:      (3, 2) and (2,)"),
    ),
    (lambda: ops.fft2((X[0], X[0])), "Input should have rank >= 2.\n  got:      shape (2,)"),
    (lambda: ops.stft(X, 2, 0, 2), "`sequence_stride` must be a positive integer.\n  got:      0"),
    (
        lambda: ops.stft(X, 2, 1, 1),
        ("`fft_length` must equal or be larger than `sequence_length`.\n  expected: >= 2\n  got:      1"),
    ),
    (
        lambda: ops.stft(X, 2, 1, 2, np.ones(3)),
        ("The shape of `window` must be equal to [sequence_length].\n  expected: (2,)\n  got:      (3,)"),
    ),
    (lambda: ops.diagonal(X, axis1=-1, axis2=1), "`axis1` and `axis2` must be different axes.\n  got:      -1 and 1"),
    (lambda: ops.normalize(X, order=0), "Argument `order` must be an int >= 1.\n  got:      0"),
    (
        lambda: ops.batch_normalization(X, X[0], X[0], -1, offset=X),
        ("`offset` must be a vector of length 2, as `mean` is.\n  got:      shape (3, 2)"),
    ),
    (
        lambda: ops.conv(FAR, np.ones((1, 3, 1))),
        ("The input channels must match the kernel's.\n  expected: 3\n  got:      inputs (2, 2, 4), kernel (1, 3, 1)"),
    ),
    (lambda: ops.depth_to_space(FAR[None], 1), "`block_size` must be at least 2.\n  got:      1"),
    (
        lambda: ops.fold(X, 2, 1),
        ("`x` must be 3D.\n  expected: (batch, channels * kh * kw, windows)\n  got:      (3, 2)"),
    ),
    (lambda: ops.image.resize(FAR, (0, 1)), "`size` must have positive height and width.\n  got:      (0, 1)"),
    (
        lambda: ops.image.rgb_to_grayscale(FAR),
        ("Invalid channel size: expected 3 (RGB) or 1 (Grayscale).\n  got:      images with 4 channels"),
    ),
    (lambda: ops.image.rgb_to_hsv(FAR), "Input images must have 3 channels, but received images with 4 channels."),
    (lambda: ops.image.hsv_to_rgb(FAR.astype(int)), "Invalid images dtype: expected float dtype.\n  got:      int32"),
    (lambda: ops.image.crop_images(FAR, 1, 1, -1, 0), "bottom_cropping must be >= 0.\n  got:      -1"),
    (
        lambda: ops.image.extract_patches(FAR, (1,)),
        ("Invalid `size` argument. Expected a tuple of length 2 or 3.\n  got:      (1,)"),
    ),
]


@pytest.mark.parametrize(("call", "message"), MESSAGES)
def test_what_does_not_fit_is_said(call, message):
    with pytest.raises(ValueError) as caught:
        call()
    assert str(caught.value) == message
