"""What the documents say is so: code runs, links lead somewhere, the two READMEs agree, pictures are up to date."""

import contextlib
import importlib
import inspect
import io
import re
from pathlib import Path

import pytest

import draw_architecture
import tricera

REPOSITORY = Path(__file__).parents[2]
ENGLISH, CHINESE = REPOSITORY / "README.md", REPOSITORY / "README.zh-CN.md"
DOCUMENTS = sorted({*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")})


def blocks(path):
    """The fenced blocks of a document: pairs of language and text."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", path.read_text("utf-8"), re.M | re.S)


def anchors(path):
    """What a heading is called in links."""
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_block_of_the_readme_runs_and_prints_what_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tricera.utils.clear_session()
    names, said = {}, ""
    for language, text in blocks(ENGLISH):
        if language == "python":
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(text, str(ENGLISH), "exec"), names)
            said = printed.getvalue()
        else:
            assert said == text
    assert names["model"].evaluate(names["x_test"] / 255, names["y_test"], verbose=0)[1] > 0.9
    assert (tmp_path / "digits.keras").exists()


def test_both_readmes_have_the_same_blocks_and_links():
    assert blocks(CHINESE) == blocks(ENGLISH)
    there, here = (set(re.findall(r"\]\(([\w/.]+\.md|docs/\w+)\)", p.read_text("utf-8"))) for p in (CHINESE, ENGLISH))
    assert there - {"README.md"} == here - {"README.zh-CN.md"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_every_relative_link_leads_somewhere(document):
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text("utf-8")):
        if "://" not in link:
            file, _, anchor = link.partition("#")
            target = document.parent / file if file else document
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


def test_what_the_readme_calls_complete_is_complete(keras):
    row = next(line for line in ENGLISH.read_text().splitlines() if line.startswith("| All public names"))
    for name in re.findall(r"`([\w.]+)`", row):
        theirs, ours = (importlib.import_module(f"{package}.{name}") for package in ("keras", "tricera"))
        public = {n for n, value in vars(theirs).items() if not n.startswith("_") and not inspect.ismodule(value)}
        assert not {n for n in public if not hasattr(ours, n)}, name


def test_the_picture_shows_the_house_as_it_is():
    drawn = (REPOSITORY / "docs/architecture.svg").read_text("utf-8")
    assert drawn == draw_architecture.draw(REPOSITORY), "run `python tools/draw_architecture.py`"
    assert {unit for row in draw_architecture.ROWS for unit in row.split()} <= set(draw_architecture.WORDS)
