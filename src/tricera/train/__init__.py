"""Training: data, losses and metrics of a model, pure steps, compiled epochs, the trainer."""
