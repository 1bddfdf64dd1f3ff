from pathlib import Path

import pytest

import sizes

REPOSITORY = Path(__file__).parents[2]


def function(name, lines, docstring=0, indent=""):
    """The text of a function of so many lines, and a docstring of so many lines more."""
    text = ['"""' + "\n" * (docstring - 1) + '"""'] if docstring else []
    return "\n".join([f"{indent}def {name}():", *(f"{indent}    {line}" for line in text + ["0"] * (lines - 1)), ""])


def offences(root, files, reasons=None):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return sizes.offences(root, reasons or {})


def test_the_repository_has_no_offence():
    assert sizes.offences(REPOSITORY) == []


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"src/tricera/a.py": "0\n" * 500, "tests/test_a.py": function("f", 60, docstring=20)}, []),
        ({"src/tricera/a.py": "0\n" * 501}, ["src/tricera/a.py:1: 501 lines; a file has at most 500"]),
        (
            {"examples/a.py": "import os\n" + function("f", 61, docstring=5)},
            ["examples/a.py:2: f has 61 lines; a function has at most 60"],
        ),
        (
            {"tools/a.py": "class A:\n    if True:\n" + function("f", 61, indent=" " * 8)},
            ["tools/a.py:3: A.f has 61 lines; a function has at most 60"],
        ),
        (
            {"src/tricera/ops/a.py": "def outer():\n" + function("inner", 60, indent="    ")},
            ["src/tricera/ops/a.py:1: outer has 61 lines; a function has at most 60"],
        ),
        (
            {f"src/tricera/engine/part{i}.py": "0\n" * 417 for i in range(6)},
            ["src/tricera/engine:1: 2502 lines; the engine has at most 2500"],
        ),
        (
            {f"src/tricera/losses/part{i}.py": '"""What\n\nit is."""\n\n# why\n' + "0\n" * 201 for i in range(3)},
            ["src/tricera/losses:1: 603 lines of code; it has at most 600"],
        ),
    ],
)
def test_each_offence_is_found(tmp_path, files, found):
    assert offences(tmp_path, files) == found


def test_a_reason_excuses_what_it_names(tmp_path):
    files = {"src/tricera/a.py": "0\n" * 501, "tools/b.py": "class A:\n" + function("f", 61, indent="    ")}
    reasons = {"src/tricera/a.py": "a table", "tools/b.py:A.f": "one formula"}
    assert offences(tmp_path, files, reasons) == []


def test_a_stale_or_empty_reason_is_an_offence(tmp_path):
    reasons = {"src/tricera/a.py": "a table", "src/tricera/b.py": " "}
    assert offences(tmp_path, {"src/tricera/a.py": "0\n", "src/tricera/b.py": "0\n" * 501}, reasons) == [
        "tools/sizes.py:1: 'src/tricera/a.py' is small or gone; drop its reason",
        "tools/sizes.py:1: 'src/tricera/b.py' has an empty reason",
    ]


def test_the_command(tmp_path, capsys):
    offences(tmp_path, {"src/tricera/engine/a.py": "0\n" * 30, "src/tricera/b.py": "0\n" * 1000, "tools/empty.py": ""})
    assert sizes.main(tmp_path) == 1
    assert capsys.readouterr().out.splitlines() == [
        "src/tricera/b.py:1: 1000 lines; a file has at most 500",
        "src/tricera: 2 files, 1,030 lines, median 30, longest 1000",
        "engine: 30 of 2,500 lines",
    ]
    (tmp_path / "src/tricera/b.py").unlink()
    offences(tmp_path, {"src/tricera/ops/a.py": function("f", 3, docstring=2)})
    assert list(sizes.summary(tmp_path))[-1] == "lines of code: ops 3 of 2,000"
    assert sizes.main(tmp_path) == 0
