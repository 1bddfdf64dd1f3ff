"""Functions that Keras 1 and 2 had, and old names of the arguments of those that there are still."""
