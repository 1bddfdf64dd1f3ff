"""How eager code in TensorFlow's form is differentiated, compiled and made steps of training."""
