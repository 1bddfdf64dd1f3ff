"""The names that layers of ResNet50 had in Keras 1 and 2."""

import pytest

from tricera.legacy.layers.resnet import today


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("activation_49", "conv5_block3_out"),
        ("activation_2", "conv2_block1_1_relu"),
        ("add_16", "conv5_block3_add"),
        ("bn3a_branch1", "conv3_block1_0_bn"),
        ("fc1000", "predictions"),
        ("res4f_branch2c", "conv4_block6_3_conv"),
        ("avg_pool", "avg_pool"),
    ],
)
def test_old_names_of_layers(old, new):
    assert today(old) == new
