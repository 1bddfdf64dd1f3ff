from pathlib import Path

import numpy as np
import pytest

from tricera import layers
from tricera.engine import naming

CASES = [case.partition("\n")[::2] for case in (Path(__file__).parent / "messages.txt").read_text().split(">>> ")[1:]]


def ones(*shape):
    return np.ones(shape, "float32")


@pytest.mark.parametrize(("code", "message"), CASES, ids=[code for code, _ in CASES])
def test_the_whole_message_of_each_mistake(code, message):
    naming.reset()
    with pytest.raises(Exception) as caught:
        eval(code, {"layers": layers, "ones": ones})
    assert f"{caught.type.__name__}: {caught.value}" == message.rstrip()
