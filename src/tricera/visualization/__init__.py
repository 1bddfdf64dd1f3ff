"""Pictures of training and of what a network says; each function returns a Matplotlib figure."""

from tricera.visualization.curves import learning_curves as learning_curves
from tricera.visualization.images import predictions as predictions
