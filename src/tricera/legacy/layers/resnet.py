"""The names that layers of ResNet50 had in Keras 1 and 2."""

import functools
import re
from collections.abc import Callable
from typing import Any

from tricera.legacy import spellings

_BLOCKS = [
    f"conv{stage}_block{block}" for stage, count in ((2, 3), (3, 4), (4, 6), (5, 3)) for block in range(1, count + 1)
]
_PARTS = {"1": "0", "2a": "1", "2b": "2", "2c": "3"}
NAMES = {
    "activation_1": "conv1_relu",
    "bn_conv1": "conv1_bn",
    "conv1": "conv1_conv",
    "fc1000": "predictions",
    "max_pooling2d_1": "pool1_pool",
    **{f"add_{i}": f"{block}_add" for i, block in enumerate(_BLOCKS, 1)},
    **{
        f"activation_{3 * i + j + 2}": f"{block}_{end}"
        for i, block in enumerate(_BLOCKS)
        for j, end in enumerate(("1_relu", "2_relu", "out"))
    },
}


def today(name: str) -> str:
    """Today's name of a layer of ResNet50: `res5c_branch2b` is `conv5_block3_2_conv`."""
    found = re.fullmatch(r"(res|bn)(\d)([a-f])_branch(1|2[abc])", name)
    if found is None:
        return NAMES.get(name, name)
    kind, stage, block, part = found.groups()
    return f"conv{stage}_block{ord(block) - ord('a') + 1}_{_PARTS[part]}_{'conv' if kind == 'res' else 'bn'}"


def finding(get_layer: Callable) -> Callable:
    """`get_layer` that knows the old names in ResNet50."""

    @functools.wraps(get_layer)
    def wrapper(self: Any, name: str | None = None, index: int | None = None) -> Any:
        if self.name == "resnet50" and isinstance(name, str):
            new = today(name)
            if new != name:
                spellings.note(f"layer {name} of ResNet50", f"layer {new}")
            name = new
        return get_layer(self, name, index)

    return wrapper
