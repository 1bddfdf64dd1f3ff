"""A fast part of Keras' own tests against Tricera, and the counting of all of them."""

import pytest

from tests.upstream import conformance
from tests.upstream.conformance import Result

SLICE = ["metrics/correlation_metrics_test.py", "optimizers/sgd_test.py", "losses/loss_test.py"]


@pytest.mark.parametrize("path", SLICE)
def test_the_fast_part_has_no_surprises(path, tmp_path, keras):
    conformance.run([path], tmp_path, jobs=1)
    results = conformance.read(tmp_path)
    assert sum(result.outcome == "passed" for result in results) > 5
    assert conformance.surprises(results) == ([], [])


def test_counts():
    results = [
        Result("losses/a_test.py::A::one", "passed"),
        Result("losses/a_test.py::A::two", "failed", "x"),
        Result("losses/a_test.py::A::three", "skipped"),
        Result("losses/a_test.py::A::tf_data", "failed"),
    ]
    (folder, count), *none = conformance.counts(results).items()
    left_out = {conformance.OWN: 1, "objects of TensorFlow": 1}
    assert (folder, none, count) == ("losses", [], conformance.Count(1, 1, left_out))
    assert conformance.table({folder: count}).splitlines()[-1] == "| losses | 1 | 2 | 50.0% | 2 |"
    assert [result.name for result in conformance.failures(results)] == ["losses/a_test.py::A::two"]


def test_folders_that_were_run_whole_are_on_record(tmp_path, keras):
    path = tmp_path / "record.json"
    files = conformance.files(["tree", "losses"])
    tree, losses = (conformance.files([folder]) for folder in ("tree", "losses"))
    conformance.record([Result(f"{file}::A::one", "passed") for file in files], path)
    found = conformance.record([Result(f"{file}::A::one", "failed") for file in [*tree, *losses[1:]]], path)
    assert found == conformance.recorded(path)
    assert found["tree"].failed == len(tree)
    assert found["losses"] == conformance.Count(len(losses), 0, {})
    page = conformance.page(found)
    assert f"| losses | {len(losses)} | {len(losses)} | 100.0% | 0 |" in page
    assert "Not run to the end yet: activations, applications," in page


def test_the_page_is_what_is_on_record(keras):
    page = conformance.ROOT / "docs" / "conformance.md"
    assert page.read_text() == conformance.page(conformance.recorded())


def test_expected_failures_are_listed_below_their_reasons(tmp_path):
    path = tmp_path / "expected.txt"
    results = [
        Result("a::b", "failed", '"x" does not match "y"'),
        Result("a::c", "failed", "odd"),
        Result("a::d", "passed"),
    ]
    conformance.write_expected(results, path)
    assert path.read_text() == "# messages have Tricera's form\na::b\n\n# not looked into yet\na::c\n"
    assert conformance.expected(path) == {"a::b": "messages have Tricera's form", "a::c": "not looked into yet"}
    conformance.write_expected([Result("b::c", "failed", "odd"), Result("b::d", "passed")], path)
    assert list(conformance.expected(path)) == ["a::b", "a::c", "b::c"]


def test_every_expected_failure_is_of_a_file_in_the_wheel():
    there = set(conformance.every())
    assert {name.split("::")[0] for name in conformance.expected()} <= there
