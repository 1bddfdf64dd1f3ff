"""Files that each released Tricera wrote stay readable: `tools/write_golden.py` writes those of a release."""

from pathlib import Path

import numpy as np
import pytest

import write_golden
from tricera import saving

RELEASES = sorted((Path(__file__).parent / "files").iterdir())


@pytest.mark.parametrize("folder", RELEASES, ids=lambda folder: folder.name)
def test_files_of_a_release(folder):
    assert len(RELEASES) >= 1
    with np.load(folder / "recorded.npz") as recorded:
        x, y, outputs = recorded["x"], recorded["y"], recorded["outputs"]
        after = [recorded[f"after_{i}"] for i in range(sum(name.startswith("after") for name in recorded))]
    first = saving.load_model(folder / "m.keras")
    for form in write_golden.FORMS:
        whole = form == "folder" or form.startswith("m")
        model = saving.load_model(folder / form) if whole else write_golden.model()
        if not whole:
            model.load_weights(folder / form)
        states = [first.weights, model.weights]
        if form in ("folder", "w.weights.h5", "shards.weights.json"):
            states = [[*first.variables, *first.optimizer.variables], [*model.variables, *model.optimizer.variables]]
        for one, other in zip(*states, strict=True):
            np.testing.assert_array_equal(one, other, err_msg=form)
    np.testing.assert_allclose(first(x), outputs, rtol=1e-5)
    first.train_on_batch(x, y)
    for one, other in zip(first.get_weights(), after, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
