"""Files that real Keras 1.1 to 2.11 saved: they open, and predict what that Keras recorded beside them."""

import pytest

import old_files

THEIR_AUTHORS = ("stored as Python code", "'TestModel'", "'NestedDenseModel'")  # what only they have


@pytest.fixture(scope="module")
def found(request):
    folder = request.getfixturevalue("shared") / "data" / "models"
    return list(old_files.results(folder, every=20))


def test_they_open_and_match(found):
    assert len(found) > 20
    assert {each.outcome for each in found} == {"opens", "matches", "refused"}
    for each in found:
        assert each.outcome != "refused" or any(word in each.reason for word in THEIR_AUTHORS), each
