import json
import random

import pytest

import fuzz_files


def test_some_hundred_changed_files(tmp_path):
    found = fuzz_files.supervise(seed=7, cases=250, seconds=60, keep=tmp_path)
    assert found == []


def test_a_case_is_made_of_its_number_and_is_another_file():
    kinds = [("m.json", json.dumps({"a": [1, {"class_name": "Dense", "config": {"units": 3}}]}).encode(), None)]
    made = [fuzz_files.case(kinds, 1, number)[1] for number in range(20)]
    assert made == [fuzz_files.case(kinds, 1, number)[1] for number in range(20)]
    assert len(set(made)) > 10


@pytest.mark.parametrize("seed", range(20))
def test_bytes_are_changed_or_cut(seed):
    data = bytes(range(256)) * 4
    assert 0 < len(fuzz_files.changed_bytes(random.Random(seed), data)) <= len(data) + 64


def test_a_process_that_hangs_is_ended(monkeypatch, tmp_path):
    monkeypatch.setattr(fuzz_files, "__file__", str(tmp_path / "worker.py"))
    monkeypatch.setattr(fuzz_files, "SILENCE", 1)
    (tmp_path / "worker.py").write_text("print('case 3', flush=True); import time; time.sleep(60)")
    assert fuzz_files.supervise(1, 4, 20) == [(3, "the process died (-9)")]


def test_what_is_wrong_is_told(monkeypatch, tmp_path, capsys):
    command = "print('case 3'); print('found 3 \"why\"', flush=True); import os; os._exit(5)"
    monkeypatch.setattr(fuzz_files, "__file__", str(tmp_path / "worker.py"))
    (tmp_path / "worker.py").write_text(command)
    assert fuzz_files.supervise(1, 4, 20, None) == [(3, "why"), (3, "the process died (5)")]
    assert capsys.readouterr().out == "--- 3\nwhy\n--- 3\nthe process died (5)\n4 cases, 2 found\n"
