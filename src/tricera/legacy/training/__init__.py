"""What optimizers and models of Keras 1 and 2 could be asked and told about training, beyond those of Keras 3."""
