"""Saving the model while it trains."""
