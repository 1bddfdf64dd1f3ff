"""Keras 1 and 2: where their modules stood, and how their code is told from newer code."""
