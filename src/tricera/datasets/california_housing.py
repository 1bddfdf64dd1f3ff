"""California housing: the prices of 20,640 districts' houses in 1990."""

from tricera.datasets.npz import Array
from tricera.datasets.samples import check_test_split, shuffled_split
from tricera.datasets.source import arrays, load
from tricera.errors import report

SOURCE = arrays(
    "california_housing.npz",
    "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f",
    {"x": Array("float", ("samples", 8)), "y": Array("float", ("samples",))},
)
_VERSIONS = {"large": None, "small": 600}


def load_data(version="large", path="california_housing.npz", test_split=0.2, seed=113):
    """8 facts about a district, and the median price of its houses: `(x_train, y_train), (x_test, y_test)`.

    The columns: median income, house age, rooms, bedrooms, population, occupancy, latitude, longitude.

    Shapes: `x (16512 and 4128, 8)`, `y (16512 and 4128)` in dollars.

    Args:
        version: `"small"` is the first 600 districts.

    Reference: Pace and Barry, Sparse spatial autoregressions, 1997.
    """
    check_test_split(test_split)
    if version not in _VERSIONS:
        what = "Argument `version` must be one of 'small', 'large'."
        raise ValueError(report(what, got=repr(version)))
    found, count = load(SOURCE, path), _VERSIONS[version]
    return shuffled_split(found["x"][:count], found["y"][:count], test_split, seed)
