"""Weights of finished layers as numbers of few bits, and products computed with them."""
