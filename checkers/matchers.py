r"""What a found value is compared with: the same few forms wherever a check expects a value.

    200                      exactly this (so does {equals: 200})
    {matches: "nginx/1\\..*"}   the whole text, without blank space at its ends, fits the pattern
    {contains: hello}        the text holds this; {contains: [a, b]} all of these
    {line: "Port 22"}        one whole line of the text is this, blank space counting once
    {lines: [a, b]}          its lines are exactly these, in this order, empty ones left out
    {one_of: [80, 8080]}     any of these
    {min: 1, max: 9}         a number in this range; one end may be left out
    {not: …}                 there is a value, and it does not fit

A pattern has to fit the *whole* text: one that fits a line of it would pass whatever wrong output
stands around. `.` stops at a line's end unless the pattern says `(?s)`.

Matchers fail closed. An expectation that expects nothing (an empty text, list or range, a pattern
that fits the empty text) does not validate. What was not found (None) or is an empty output fits no
matcher, not even under `not`; where an empty text is a real finding, such as the content of an
empty file, the caller says so with `empty=True`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PydanticSchemaGenerationError,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    StringConstraints,
    Tag,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import SchemaError

from checkers.words import listed, quoted

Value = str | bytes | int | float | bool | None
"""What can be compared: output or content as bytes, a text, a number, or None for not found."""

LONGEST_TEXT = 1 << 20
"""Bytes that are compared; a longer text fits nothing."""

_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")


@cache
def _pattern(pattern: str) -> TypeAdapter[str]:
    """The whole-text validator of a pattern.

    pydantic's own engine (Rust's regex) takes time that is linear in the text, whatever the
    pattern: a candidate cannot make it run for ever, as Python's `re` can be.
    """
    whole = StringConstraints(pattern=f"^(?:{pattern})$")
    return TypeAdapter(Annotated[str, whole], config=ConfigDict(regex_engine="rust-regex"))


def fits_pattern(pattern: str, text: str) -> bool:
    """Whether the whole of `text` fits `pattern`."""
    try:
        _pattern(pattern).validate_python(text)
    except ValidationError:
        return False
    return True


def _usable(pattern: str) -> str:
    try:
        # By itself too: `a)|(b` is no pattern, but would be one between our anchors.
        TypeAdapter(
            Annotated[str, StringConstraints(pattern=pattern)],
            config=ConfigDict(regex_engine="rust-regex"),
        )
        _pattern(pattern)
    except (SchemaError, PydanticSchemaGenerationError) as problem:
        raise ValueError(
            f"not a pattern that can be used here (look-around and back references cannot): "
            f"{str(problem).splitlines()[-1].strip()}"
        ) from problem
    if fits_pattern(pattern, ""):
        raise ValueError("this pattern also fits no output at all; write one that needs something")
    return pattern


def _filled(value: str | float) -> str | float:
    if isinstance(value, str) and not value.strip():
        raise ValueError("an empty text expects nothing; leave the key out")
    return value


Plain = Annotated[StrictBool | StrictInt | StrictFloat | StrictStr, AfterValidator(_filled)]
"""A value written as it is: a text that is not empty, a number, true or false."""

Text = Annotated[StrictStr, AfterValidator(_filled)]
Pattern = Annotated[
    StrictStr, AfterValidator(_usable), WithJsonSchema({"type": "string", "format": "regex"})
]
Texts = Annotated[
    tuple[Text, ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    Field(min_length=1),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
            ]
        }
    ),
]
"""One text or several, none of them empty."""


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Equals(_Form):
    """Exactly this value; blank space at the ends of a found text does not count."""

    equals: Plain


class Matches(_Form):
    """The whole text fits a pattern (syntax of Rust's `regex`, without look-around)."""

    matches: Pattern


class Contains(_Form):
    """The text holds this, or all of these."""

    contains: Texts


class Line(_Form):
    """One line of the text is this, or there is one for each of these."""

    line: Texts


class Lines(_Form):
    """The lines of the text are exactly these, in this order; empty lines do not count."""

    lines: Texts


class OneOf(_Form):
    """Any of these values."""

    one_of: Annotated[tuple[Plain, ...], Field(min_length=1)]


class Between(_Form):
    """A number from `min` to `max`, both included; one of them may be left out."""

    min: StrictInt | StrictFloat | None = None
    max: StrictInt | StrictFloat | None = None

    @model_validator(mode="after")
    def _has_an_end(self) -> Between:
        if self.min is None and self.max is None:
            raise ValueError("a range needs `min`, `max` or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"no number is at least {self.min} and at most {self.max}")
        return self


class Not(_Form):
    """There is a value, and it does not fit the matcher in here."""

    not_: Matcher = Field(alias="not")


_KEYS = ("equals", "matches", "contains", "line", "lines", "one_of", "not")


def _form(value: Any) -> str | None:
    """Which form a value has, by its key, so that a mistake in it is told once."""
    if isinstance(value, _Form):
        return {"Between": "range", "OneOf": "one_of"}.get(
            type(value).__name__, type(value).__name__.lower()
        )
    if isinstance(value, dict):
        for key in _KEYS:
            if key in value:
                return key
        return "range" if {"min", "max"} & value.keys() else None
    return "plain" if isinstance(value, str | int | float) else None


Matcher = Annotated[
    Annotated[Plain, Tag("plain")]
    | Annotated[Equals, Tag("equals")]
    | Annotated[Matches, Tag("matches")]
    | Annotated[Contains, Tag("contains")]
    | Annotated[Line, Tag("line")]
    | Annotated[Lines, Tag("lines")]
    | Annotated[OneOf, Tag("one_of")]
    | Annotated[Between, Tag("range")]
    | Annotated[Not, Tag("not")],
    Discriminator(
        _form,
        custom_error_type="matcher",
        custom_error_message=(
            "expected a plain value or one of {equals}, {matches}, {contains}, {line}, {lines}, "
            "{one_of}, {min, max}, {not}"
        ),
    ),
]
"""Any form of expectation; see the module's docstring."""

Not.model_rebuild()


def holds(matcher: Matcher, value: Value, *, empty: bool = False) -> bool:
    """Whether `value` was found and fits. `empty` says that an empty text is a real finding."""
    if value is None:
        return False
    if isinstance(value, str | bytes):
        if len(value) > LONGEST_TEXT or not (empty or value.strip()):
            return False
        text = value if isinstance(value, str) else value.decode("utf-8", "surrogateescape")
        return _fits(matcher, text)
    return _fits(matcher, value)


def _fits(matcher: Matcher, value: str | float) -> bool:
    if isinstance(matcher, Not):
        return not _fits(matcher.not_, value)
    if isinstance(matcher, OneOf):
        return any(_same(option, value) for option in matcher.one_of)
    if isinstance(matcher, Between):
        return _within(matcher, value)
    if isinstance(matcher, Equals):
        return _same(matcher.equals, value)
    if isinstance(matcher, Matches | Contains | Line | Lines):
        return _TEXT_FORMS[type(matcher)](matcher, value if isinstance(value, str) else str(value))
    return _same(matcher, value)


def _matches(matcher: Any, text: str) -> bool:
    # A lone surrogate stands for a byte that is no UTF-8; the engine takes real text only.
    return fits_pattern(matcher.matches, text.strip().encode("utf-8", "replace").decode())


def _contains(matcher: Any, text: str) -> bool:
    return all(part in text for part in matcher.contains)


def _has_line(matcher: Any, text: str) -> bool:
    found = {" ".join(line.split()) for line in text.splitlines()}
    return all(" ".join(line.split()) in found for line in matcher.line)


def _is_lines(matcher: Any, text: str) -> bool:
    found = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    return found == [" ".join(line.split()) for line in matcher.lines]


_TEXT_FORMS: dict[type[_Form], Callable[[Any, str], bool]] = {
    Matches: _matches,
    Contains: _contains,
    Line: _has_line,
    Lines: _is_lines,
}


def number(value: str | float) -> float | None:
    """A found value as a number; None where it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        return float(text) if _NUMBER.fullmatch(text) else None
    return value


def _within(matcher: Between, value: str | float) -> bool:
    found = number(value)
    if found is None:
        return False
    return (matcher.min is None or found >= matcher.min) and (
        matcher.max is None or found <= matcher.max
    )


def _same(expected: bool | float | str, value: str | float) -> bool:
    if isinstance(expected, bool) or isinstance(value, bool):
        return expected is value
    if isinstance(expected, str):
        return expected.strip() == (value.strip() if isinstance(value, str) else str(value))
    return number(value) == expected


def spoken(matcher: Matcher) -> str:
    """The expectation in words: `200`, `a text that contains "hello"`, `at least 1`."""
    if isinstance(matcher, Not):
        return f"anything but {spoken(matcher.not_)}"
    if isinstance(matcher, OneOf):
        return f"one of {listed(_value(option) for option in matcher.one_of)}"
    if isinstance(matcher, Between):
        return _spoken_range(matcher)
    if isinstance(matcher, Matches | Contains | Line | Lines):
        return _spoken_text(matcher)
    return _value(matcher.equals if isinstance(matcher, Equals) else matcher)


def _spoken_range(matcher: Between) -> str:
    if matcher.min is None:
        return f"at most {matcher.max}"
    if matcher.max is None:
        return f"at least {matcher.min}"
    return f"{matcher.min} to {matcher.max}"


def _spoken_text(matcher: Matches | Contains | Line | Lines) -> str:
    if isinstance(matcher, Matches):
        return f"a text that fits the pattern {quoted(matcher.matches)}"
    if isinstance(matcher, Contains):
        return f"a text that contains {listed(map(quoted, matcher.contains))}"
    if isinstance(matcher, Line):
        return f"the line {listed(map(quoted, matcher.line))}"
    return f"exactly the lines {listed(map(quoted, matcher.lines))}"


def _value(value: bool | float | str) -> str:
    return quoted(value) if isinstance(value, str) else str(value).lower()


def shown(value: Value) -> str:
    """A found value in words, made safe: `"hello"`, `404`, `nothing`."""
    if value is None:
        return "nothing"
    return quoted(value.strip()) if isinstance(value, str | bytes) else str(value).lower()
