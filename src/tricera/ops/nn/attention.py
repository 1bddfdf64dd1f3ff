"""Attention."""

import jax
from jax import numpy as jnp

from tricera import config
from tricera.engine.graph import op
from tricera.kernels.attention import attend
from tricera.machine import platform


@op
def dot_product_attention(
    query,
    key,
    value,
    bias=None,
    mask=None,
    scale=None,
    is_causal=False,
    flash_attention=None,
    attn_logits_soft_cap=None,
):
    """`softmax(scale * query @ key^T + bias) @ value` for each head, where `mask` (and the past) allows.

    Shapes: query `(batch, T, heads, size)`, key and value `(batch, S, heads, size) -> (batch, T, heads, size)`;
    bias and mask broadcast to `(batch, heads, T, S)`. Key and value may have fewer heads, each for several of query.

    Args:
        scale: `1 / sqrt(size)` where None.
        is_causal: whether time T sees only the times S up to it.
        flash_attention: True asks for cuDNN's fused attention; None takes it on a GPU that has it for these dtypes
            (16 bits) and sizes, unless the process says otherwise.
        attn_logits_soft_cap: a bound c; logits become `c * tanh(logits / c)`.

    Reference: Vaswani et al., 2017, arXiv:1706.03762.
    """
    dtype = jnp.result_type(query, key, value)
    query, key, value = (jnp.asarray(x, dtype) for x in (query, key, value))
    if attn_logits_soft_cap is None and (wish := _wish(flash_attention, dtype)) is not False:
        try:
            return jax.nn.dot_product_attention(
                query, key, value, bias, mask, scale=scale, is_causal=is_causal, implementation="cudnn"
            )
        except (NotImplementedError, RuntimeError, ValueError):  # an older GPU, or sizes that it has no program for
            if wish:
                raise
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    bias = None if bias is None else jnp.asarray(bias)
    mask = None if mask is None else jnp.asarray(mask).astype(bool)
    cap = attn_logits_soft_cap
    return attend(query, key, value, bias, mask, scale=scale, is_causal=is_causal, soft_cap=cap)


def _wish(flash_attention, dtype):
    """Whether fused attention is used: True where somebody asked for it, None for where it works, False for never."""
    if flash_attention is not None or platform() != "gpu":
        return bool(flash_attention)
    asked = config.is_flash_attention_enabled()
    return False if asked is None and dtype not in ("float16", "bfloat16") else asked
