"""Attention."""

import jax
from jax import numpy as jnp

from tricera import config
from tricera.engine.graph import op
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
        flash_attention: True asks for cuDNN's fused attention; None asks for it on a GPU where the process does.
        attn_logits_soft_cap: a bound c; logits become `c * tanh(logits / c)`.

    Reference: Vaswani et al., 2017, arXiv:1706.03762.
    """
    dtype = jnp.result_type(query, key, value)
    query, key, value = (jnp.asarray(x, dtype) for x in (query, key, value))
    if flash_attention is None:
        flash_attention = config.is_flash_attention_enabled() and platform() == "gpu"
    if flash_attention and attn_logits_soft_cap is None:
        return jax.nn.dot_product_attention(
            query, key, value, bias, mask, scale=scale, is_causal=is_causal, implementation="cudnn"
        )
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    if key.shape[2] < query.shape[2]:
        key, value = (jnp.repeat(x, query.shape[2] // x.shape[2], axis=2) for x in (key, value))
    logits = jnp.einsum("btnh,bsnh->bnts", query, key, preferred_element_type=jnp.float32) * scale
    if attn_logits_soft_cap is not None:
        logits = attn_logits_soft_cap * jnp.tanh(logits / attn_logits_soft_cap)
    if bias is not None:
        logits = logits + jnp.asarray(bias)
    allowed = None if mask is None else jnp.asarray(mask).astype(bool)
    if is_causal:
        past = jnp.arange(logits.shape[-2])[:, None] >= jnp.arange(logits.shape[-1])
        allowed = past if allowed is None else jnp.logical_and(allowed, past)
    if allowed is not None:
        logits = jnp.where(allowed, logits, 0.7 * jnp.finfo(jnp.float32).min)
    return jnp.einsum("bnts,bsnh->btnh", jax.nn.softmax(logits).astype(value.dtype), value)
