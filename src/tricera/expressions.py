"""Regular expressions that may stand in a file: matched in time linear in the text, whatever they say.

Reference: Thompson, 1968, "Regular expression search algorithm".
"""

import functools
import re
from collections.abc import Callable, Iterable
from typing import Any

from tricera.engine import scope
from tricera.errors import report

_parser: Any = re._parser  # type: ignore[attr-defined]
_MOST_STATES = 10_000
_STEP = 1_000  # states at places of a text: what one step of tracing takes
_CLASSES = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}


def check(expression: str) -> None:
    """Raise ValueError unless it is a regular expression that is known here."""
    _compiled(expression)


def fullmatch(expression: str, text: str) -> bool:
    """Whether the expression describes all of the text, as `re.fullmatch` says."""
    return _within_budget(expression, text).run(text, 0, whole=True)


def search(expression: str, text: str) -> bool:
    """Whether the expression describes a part of the text, as `re.search` says."""
    return _within_budget(expression, text).run(text, 0, anywhere=True)


def _within_budget(expression: str, text: str) -> "_Machine":
    machine = _compiled(expression)
    scope.spend(f"The expression {expression[:80]!r}", steps=len(machine.states) * len(text) // _STEP)
    return machine


@functools.lru_cache(256)
def _compiled(expression: str) -> "_Machine":
    try:
        tree = _parser.parse(expression)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(report(f"{expression!r} is no regular expression: {error}.")) from None
    if tree.state.flags != re.UNICODE:
        raise ValueError(report(f"{expression!r} has flags, which are not known here."))
    return _Machine(expression, tree)


class _Machine:
    """The states of an expression: `(test, targets)`, where a test of None takes no character."""

    def __init__(self, expression: str, tree: Any):
        self.expression = expression
        self.states: list[tuple[Callable[[str, int], bool] | None, list[int]]] = [(None, [])]
        self.takes: list[bool] = [False]  # whether the test takes a character
        self.start = self._chain(tree, 0)

    # ---- from the tree

    def _state(self, test: Any, targets: list[int], takes: bool = False) -> int:
        if len(self.states) > _MOST_STATES:
            raise ValueError(report(f"The regular expression {self.expression[:80]!r} is too large."))
        self.states.append((test, targets))
        self.takes.append(takes)
        return len(self.states) - 1

    def _chain(self, items: Iterable[Any], after: int) -> int:
        for operator, argument in reversed(list(items)):
            after = self._item(str(operator), argument, after)
        return after

    def _item(self, operator: str, argument: Any, after: int) -> int:
        match operator:
            case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
                accepts = _accepts(operator, argument)
                return self._state(lambda text, at: at < len(text) and accepts(text[at]), [after], takes=True)
            case "SUBPATTERN" if not argument[1] and not argument[2]:
                return self._chain(argument[3], after)
            case "BRANCH":
                return self._state(None, [self._chain(branch, after) for branch in argument[1]])
            case "MAX_REPEAT" | "MIN_REPEAT":
                return self._repeated(*argument, after)
            case "AT" if str(argument) in _PLACES:
                return self._state(_PLACES[str(argument)], [after])
            case "ASSERT" | "ASSERT_NOT" if argument[0] == 1 and not any("ASSERT" in str(op) for op, _ in argument[1]):
                inner, wanted = self._chain(argument[1], 0), operator == "ASSERT"
                return self._state(lambda text, at: self.run(text, at, inner) is wanted, [after])
        raise ValueError(
            report(
                f"The regular expression {self.expression!r} uses what is not known here ({operator.lower()}).",
                fix="use characters, classes, groups, `|`, `*`, `+`, `?`, `^`, `$` and looks ahead.",
            )
        )

    def _repeated(self, least: int, most: Any, inner: Any, after: int) -> int:
        if most == _parser.MAXREPEAT:
            start = self._state(None, [])
            self.states[start][1].extend([self._chain(inner, start), after])
        else:
            start = after
            for _ in range(most - least):
                start = self._state(None, [self._chain(inner, start), after])
        for _ in range(least):
            start = self._chain(inner, start)
        return start

    # ---- over a text

    def run(self, text: str, at: int, start: int | None = None, *, whole: bool = False, anywhere: bool = False) -> bool:
        """Whether the states from `start` reach the end, from place `at` of the text on."""
        first = self.start if start is None else start
        active = self._closed([first], text, at)
        while True:
            if 0 in active and (not whole or at == len(text)):
                return True
            if at == len(text) or (not active and not anywhere):
                return False
            reached = [self.states[s][1][0] for s in active if self.takes[s] and self.states[s][0](text, at)]  # type: ignore[misc]
            at += 1
            active = self._closed([*reached, first] if anywhere else reached, text, at)

    def _closed(self, states: list[int], text: str, at: int) -> set[int]:
        """The states that are reached from these without a character."""
        found: set[int] = set()
        while states:
            state = states.pop()
            if state not in found:
                found.add(state)
                test, targets = self.states[state]
                if not self.takes[state] and (test is None or test(text, at)):
                    states.extend(targets)
        return found


def _is_word(text: str, at: int) -> bool:
    return 0 <= at < len(text) and re.match(r"\w", text[at]) is not None


_PLACES: dict[str, Callable[[str, int], bool]] = {
    "AT_BEGINNING": lambda text, at: at == 0,
    "AT_BEGINNING_STRING": lambda text, at: at == 0,
    "AT_END": lambda text, at: text[at:] in ("", "\n"),
    "AT_END_STRING": lambda text, at: at == len(text),
    "AT_BOUNDARY": lambda text, at: _is_word(text, at - 1) != _is_word(text, at),
    "AT_NON_BOUNDARY": lambda text, at: _is_word(text, at - 1) == _is_word(text, at),
}


def _accepts(operator: str, argument: Any) -> Callable[[str], bool]:
    """Whether one character is meant."""
    match operator:
        case "LITERAL":
            return lambda c: ord(c) == argument
        case "NOT_LITERAL":
            return lambda c: ord(c) != argument
        case "ANY":
            return lambda c: c != "\n"
        case "RANGE":
            return lambda c: argument[0] <= ord(c) <= argument[1]
        case "CATEGORY":
            kind = str(argument).removeprefix("CATEGORY_")
            wanted, pattern = not kind.startswith("NOT_"), _CLASSES[kind.removeprefix("NOT_")]
            return lambda c: (re.match(pattern, c) is not None) is wanted
    negated = str(argument[0][0]) == "NEGATE"
    parts = [_accepts(str(op), arg) for op, arg in argument[negated:]]
    return lambda c: any(part(c) for part in parts) is not negated
