"""Matchers: what fits, what never does, and what is no expectation at all."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from checkers.matchers import Matcher, Value, holds, shown, spoken

ADAPTER: TypeAdapter[Any] = TypeAdapter(Matcher)


def made(value: Any) -> Any:
    return ADAPTER.validate_python(value)


@pytest.mark.parametrize(
    "matcher, value",
    [
        (200, 200),
        (200, "200"),
        ("200", 200),
        (1, b" 1\n"),
        (1, "1\x1f"),
        (1.5, "1.5"),
        (True, True),
        ("yes", "yes"),
        ("two words", b"  two words\n"),
        ({"equals": "yes"}, "yes"),
        ({"matches": "a+b"}, "aab\n"),
        ({"matches": "(?s)a.*b"}, "a\n\nb"),
        ({"contains": "lo"}, b"hello"),
        ({"contains": ["he", "lo"]}, "hello"),
        ({"line": "Port 22"}, "# x\n  Port   22\nUsePAM yes\n"),
        ({"line": ["a", "b"]}, "b\na\n"),
        ({"lines": ["a", "b c"]}, "a\n\nb  c\n"),
        ({"one_of": [80, "http"]}, 80),
        ({"one_of": [80, "http"]}, "http"),
        ({"min": 1}, "1"),
        ({"max": 9}, 9.0),
        ({"min": -1, "max": 1}, "-0.5"),
        ({"not": {"contains": "x"}}, "hello"),
        ({"not": 5}, 4),
        ({"not": {"not": 5}}, 5),
    ],
)
def test_fits(matcher: Any, value: Value) -> None:
    assert holds(made(matcher), value)


@pytest.mark.parametrize(
    "matcher, value",
    [
        (200, 404),
        (200, "200 OK"),
        (1, True),
        (True, 1),
        (True, "true"),
        ("yes", "yes indeed"),
        ({"matches": "Root no"}, "Root yes\nRoot no"),
        ({"matches": "a.*b"}, "a\nb"),
        ({"matches": "a|b"}, "ab"),
        ({"contains": ["he", "x"]}, "hello"),
        ({"line": "Port 22"}, "#Port 22\nPort 2222\n"),
        ({"lines": ["a", "b"]}, "b\na"),
        ({"lines": ["a"]}, "a\na"),
        ({"one_of": [80, "http"]}, 8080),
        ({"min": 1}, "many"),
        ({"min": 1}, "nan"),
        ({"max": 9}, "1e1"),
        ({"max": 9}, True),
        ({"not": {"contains": "x"}}, "xyz"),
        ({"equals": "caf\u00e9"}, "caf\u00e9".encode("latin-1")),
    ],
)
def test_does_not_fit(matcher: Any, value: Value) -> None:
    assert not holds(made(matcher), value)


EVERY = [
    1, "x", {"equals": "x"}, {"matches": "x"}, {"contains": "x"}, {"line": "x"}, {"lines": "x"},
    {"one_of": ["x"]}, {"min": 0}, {"max": 9}, {"not": "x"}, {"not": {"not": "x"}},
    {"not": {"contains": "x"}}, {"not": {"min": 1}},
]  # fmt: skip


@pytest.mark.parametrize("matcher", EVERY, ids=str)
@pytest.mark.parametrize("value", [None, "", b"", " \n\t", b"\n"], ids=repr)
def test_nothing_found_never_fits(matcher: Any, value: Value) -> None:
    assert not holds(made(matcher), value)


@pytest.mark.parametrize("matcher", EVERY, ids=str)
def test_what_is_too_long_never_fits(matcher: Any) -> None:
    assert not holds(made(matcher), b"y" * ((1 << 20) + 1))


def test_an_empty_finding_can_be_told_from_none() -> None:
    assert holds(made({"not": {"contains": "x"}}), b"", empty=True)
    assert not holds(made({"not": {"contains": "x"}}), None, empty=True)
    assert not holds(made("x"), b"", empty=True)


@pytest.mark.parametrize(
    "value",
    [
        "", "  ", None, {}, [], {"matches": ""}, {"matches": ".*"}, {"matches": "x?"},
        {"matches": "("}, {"matches": "a)|(b"}, {"matches": "(?=x)x"}, {"matches": r"(x)\1"},
        {"matches": "(a{1,1000}){1,1000}"}, {"contains": ""}, {"contains": []},
        {"contains": ["x", ""]}, {"line": ""}, {"lines": []}, {"one_of": []}, {"one_of": [""]},
        {"min": None}, {"min": 3, "max": 1}, {"min": "1"}, {"not": ""}, {"not": {}},
        {"contains": "x", "min": 1}, {"contians": "x"},
    ],
    ids=str,
)  # fmt: skip
def test_an_empty_or_wrong_expectation_does_not_validate(value: Any) -> None:
    with pytest.raises(ValidationError):
        made(value)


def test_a_mistake_is_told_once_and_with_the_forms() -> None:
    with pytest.raises(ValidationError) as caught:
        made({"contians": "x"})
    (told,) = caught.value.errors()
    assert told["msg"].startswith("expected a plain value or one of {equals}, {matches}")


def test_no_text_makes_a_pattern_run_long() -> None:
    started = time.monotonic()
    assert not holds(made({"matches": "(a+)+b"}), "a" * 200_000 + "c")
    assert not holds(made({"matches": "(.*)(.*)(.*)x"}), "a" * 200_000)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "matcher, words",
    [
        (200, "200"),
        ("x", '"x"'),
        (True, "true"),
        ({"contains": ["a", "b"]}, 'a text that contains "a" and "b"'),
        ({"matches": "a+"}, 'a text that fits the pattern "a+"'),
        ({"line": "Port 22"}, 'the line "Port 22"'),
        ({"lines": ["a", "b"]}, 'exactly the lines "a" and "b"'),
        ({"one_of": [1, "b"]}, 'one of 1 and "b"'),
        ({"min": 1}, "at least 1"),
        ({"max": 2}, "at most 2"),
        ({"min": 1, "max": 2}, "1 to 2"),
        ({"not": {"equals": 1}}, "anything but 1"),
    ],
)
def test_spoken(matcher: Any, words: str) -> None:
    assert spoken(made(matcher)) == words


def test_found_values_are_shown_safely() -> None:
    assert shown(None) == "nothing"
    assert shown(b"") == "nothing"
    assert shown(404) == "404"
    assert shown(b"\x1b[1m[red]\xff\n") == r'"\x1b[1m\[red]\xff"'


@given(st.text(min_size=1), st.text())
def test_a_plain_text_fits_itself_alone(expected: str, value: str) -> None:
    if expected.strip():
        assert holds(made(expected), value) == (expected.strip() == value.strip())


@given(st.text(alphabet="ab\n ", min_size=1), st.text(alphabet="ab\n ", max_size=30))
def test_patterns_mean_what_python_means(literal: str, value: str) -> None:
    if literal.strip():
        expected = re.fullmatch(re.escape(literal.strip()), value.strip()) is not None
        assert holds(made({"matches": re.escape(literal.strip())}), value) == expected


@given(st.sampled_from(EVERY), st.one_of(st.text(), st.binary(), st.integers(), st.booleans()))
def test_not_is_the_opposite_where_something_was_found(matcher: Any, value: Value) -> None:
    opposite = holds(made({"not": matcher}), value)
    if isinstance(value, str | bytes) and not value.strip():
        assert not opposite
    else:
        assert opposite is not holds(made(matcher), value)


def test_the_schema_can_be_written() -> None:
    schema = ADAPTER.json_schema()
    assert "oneOf" in schema
    assert {"Contains", "Between", "Not"} <= schema["$defs"].keys()
