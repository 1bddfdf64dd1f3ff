"""Batches of images as pictures, with the boxes and masks that were found in them: Keras' `keras.visualization`."""

from tricera.visualization.gallery.boxes import draw_bounding_boxes as draw_bounding_boxes
from tricera.visualization.gallery.boxes import plot_bounding_box_gallery as plot_bounding_box_gallery
from tricera.visualization.gallery.grid import plot_image_gallery as plot_image_gallery
from tricera.visualization.gallery.masks import draw_segmentation_masks as draw_segmentation_masks
from tricera.visualization.gallery.masks import plot_segmentation_mask_gallery as plot_segmentation_mask_gallery
