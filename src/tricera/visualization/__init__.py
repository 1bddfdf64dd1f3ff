"""Pictures of training and of what a network says, as Matplotlib figures; and Keras' galleries of images."""

from tricera import errors
from tricera.visualization.activations import activations as activations
from tricera.visualization.attention import attention_map as attention_map
from tricera.visualization.confusion import confusion_matrix as confusion_matrix
from tricera.visualization.curves import learning_curves as learning_curves
from tricera.visualization.filters import filters as filters
from tricera.visualization.gallery import draw_bounding_boxes as draw_bounding_boxes
from tricera.visualization.gallery import draw_segmentation_masks as draw_segmentation_masks
from tricera.visualization.gallery import plot_bounding_box_gallery as plot_bounding_box_gallery
from tricera.visualization.gallery import plot_image_gallery as plot_image_gallery
from tricera.visualization.gallery import plot_segmentation_mask_gallery as plot_segmentation_mask_gallery
from tricera.visualization.graph import model_graph as model_graph
from tricera.visualization.heatmap import class_heatmap as class_heatmap
from tricera.visualization.images import predictions as predictions
from tricera.visualization.projector import embedding_projector as embedding_projector

__getattr__ = errors.missing(__name__, globals())
