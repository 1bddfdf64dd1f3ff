"""Boston housing: the prices of 506 neighbourhoods' houses."""

from tricera.datasets.npz import Array
from tricera.datasets.samples import check_test_split, shuffled_split
from tricera.datasets.source import arrays, load

SOURCE = arrays(
    "boston_housing.npz",
    "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5",
    {"x": Array("float", ("samples", 13)), "y": Array("float", ("samples",))},
)


def load_data(path="boston_housing.npz", test_split=0.2, seed=113):
    """13 facts about a neighbourhood, and the median price of its houses: `(x_train, y_train), (x_test, y_test)`.

    The column `B` presumes that segregation is a price factor: prefer `california_housing` for anything but history.

    Shapes: `x (404 and 102, 13)`, `y (404 and 102)` in thousands of 1978's dollars.

    Reference: Harrison and Rubinfeld, Hedonic housing prices and the demand for clean air, 1978.
    """
    check_test_split(test_split)
    found = load(SOURCE, path)
    return shuffled_split(found["x"], found["y"], test_split, seed)
