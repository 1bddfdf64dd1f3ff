"""Regular expressions in linear time: the same answers as `re`, and soon."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tricera import expressions
from tricera.engine import scope
from tricera.errors import SafetyError
from tricera.saving.budget import Allowance

TEXTS = ["", "a", "ab", "dense_1/kernel", "bias", "aab\n", "x bias y", "a/b/c", "aaaa", "é_9"]
EXPRESSIONS = [
    "", "a", "a*", "a+b", "(a|b)*", ".*kernel", "dense_\\d+/.*", "^a", "b$", "[^/]+/[a-c]", "a{2}", "a{1,3}b?",
    "(?:a|ab)(?:c|b)?", "(?!.*bias).*", ".*(?=kernel)", r"\bbias\b", r"\w+\s\w+", r"\D", "a??b", r"\Aa\Z", "[é_]+",
]  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_the_answers_are_those_of_re(expression):
    for text in TEXTS:
        assert expressions.fullmatch(expression, text) is bool(re.fullmatch(expression, text)), text
        assert expressions.search(expression, text) is bool(re.search(expression, text)), text


@settings(max_examples=25, deadline=None)
@given(st.from_regex(r"(?:[ab.]|\([ab]\|[ab.]+\)|[ab.](?:\*|\+|\?)){1,6}", fullmatch=True), st.text("abc/", max_size=8))
def test_any_small_expression(expression, text):
    assert expressions.fullmatch(expression, text) is bool(re.fullmatch(expression, text))
    assert expressions.search(expression, text) is bool(re.search(expression, text))


@pytest.mark.parametrize("expression", ["(a+)+b", "(a*)*b", "(a|a)*b", "(.*)(.*)(.*)(.*)b", "(?!(a+)+b)a*c"])
def test_what_takes_re_for_ever(expression):
    start = time.perf_counter()
    assert not expressions.fullmatch(expression, "a" * 500) and not expressions.search(expression, "a" * 500)
    assert time.perf_counter() - start < 2


REFUSED = {
    "(": "'(' is no regular expression: missing ), unterminated subpattern at position 0.",
    "(?i)a": "'(?i)a' has flags, which are not known here.",
    "(a{100}){200}": "The regular expression '(a{100}){200}' is too large.",
    r"(a)\1": "The regular expression '(a)\\\\1' uses what is not known here (groupref).\n"
    "  fix:      use characters, classes, groups, `|`, `*`, `+`, `?`, `^`, `$` and looks ahead.",
}


@pytest.mark.parametrize("expression", REFUSED)
def test_what_is_refused(expression):
    with pytest.raises(ValueError) as error:
        expressions.search(expression, "a")
    assert str(error.value) == REFUSED[expression]


def test_an_expression_in_a_file_takes_of_what_the_file_may_take():
    expression, text = "(?:(?:a?){50}){50}b", "a" * 1_000
    with pytest.raises(SafetyError) as error, scope.enter(allowance=Allowance(1 << 20, steps=2_000)):
        expressions.search(expression, text)
    assert str(error.value) == (
        f"The expression {expression!r} would take far more than what the file stores: nothing is made of it.\n"
        "  expected: fewer steps to trace\n"
        "  fix:      if you trust it, `safe_mode=False`."
    )
