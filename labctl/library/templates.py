"""Filling in templates: Jinja2 in its sandbox, where an undefined name is an error.

A string that is exactly one `{{ expression }}` keeps the expression's type; in any other, values
become text (`values.as_text`). What would differ from run to run (`random`, `lipsum`) is not there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, Undefined, UndefinedError
from jinja2.meta import find_undeclared_variables
from jinja2.nodes import Name, Output, TemplateData
from jinja2.sandbox import ImmutableSandboxedEnvironment

from labctl.library.findings import nearest
from labctl.library.values import as_json, as_text

LIMIT = 1 << 18
"""Letters that a filled-in text may have."""

_MARK = re.compile(r"\{[{%#]")
_PLAIN_NAME = re.compile(r"\{\{ *([A-Za-z_][A-Za-z0-9_]*) *\}\}")
_GLOBALS = frozenset({"range", "dict"})
_EDGE = re.compile(r"\A\{\{[-+]?|[-+]?\}\}\Z")
_UNDEFINED = re.compile(r"'([^']+)' is undefined")
_OBJECT = re.compile(r"'labctl\.[a-z.]*\.([A-Za-z]+) object'")


class TemplateFault(ValueError):
    """A template cannot be filled in.

    `line` (from 1) is inside its text; `missing` is the name that is not defined, if that is why.
    """

    def __init__(self, message: str, hint: str = "", line: int = 1, missing: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.line = line
        self.missing = missing


def is_template(text: str) -> bool:
    """Whether `text` holds anything to fill in."""
    return _MARK.search(text) is not None


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, finalize=_finalize, autoescape=False, keep_trailing_newline=True
    )
    for name in set(environment.globals) - _GLOBALS:
        del environment.globals[name]
    for name in ("random", "pprint", "urlize", "xmlattr"):
        environment.filters.pop(name, None)
    return environment


def _finalize(value: Any) -> Any:
    return value if isinstance(value, Undefined) else as_text(as_json(value))


@dataclass(slots=True)
class Templates:
    """Fills in texts; remembers what it compiled, so that further seeds cost little."""

    environment: ImmutableSandboxedEnvironment = field(default_factory=_environment)
    compiled: dict[str, Callable[[Mapping[str, Any]], Any]] = field(default_factory=dict)

    def fill(self, text: str, values: Mapping[str, Any]) -> Any:
        """`text` with `values` filled in; raises `TemplateFault`."""
        if not is_template(text):
            return text
        try:
            program = self.compiled.get(text)
            if program is None:
                program = self.compiled[text] = self._compile(text)
            result = program(values)
        except TemplateSyntaxError as error:
            raise TemplateFault(
                f"not a valid template: {error.message}", "", error.lineno
            ) from error
        except UndefinedError as error:
            raise _undefined(error, text, values) from error
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise TemplateFault(f"the template cannot be filled in: {error}") from error
        if isinstance(result, str) and len(result) > LIMIT:
            raise TemplateFault(f"the text grows past {LIMIT} letters")
        return result

    def _compile(self, text: str) -> Callable[[Mapping[str, Any]], Any]:
        tree = self.environment.parse(text)
        match tree.body:
            case [Output(nodes=[node])] if not isinstance(node, TemplateData):
                if isinstance(node, Name):
                    return lambda values: _look_up(node.name, values)
                return self._expression(_EDGE.sub("", text), find_undeclared_variables(tree))
        if _MARK.sub("", _PLAIN_NAME.sub("", text)) == _PLAIN_NAME.sub("", text):
            return _plain(text)
        template = self.environment.from_string(text)
        names = find_undeclared_variables(tree)

        def render(values: Mapping[str, Any]) -> str:
            _require(names, values)
            return template.render(values)

        return render

    def _expression(self, source: str, names: set[str]) -> Callable[[Mapping[str, Any]], Any]:
        expression = self.environment.compile_expression(source, undefined_to_none=False)

        def evaluate(values: Mapping[str, Any]) -> Any:
            _require(names, values)
            value = expression(values)
            if isinstance(value, Undefined):
                str(value)  # raises UndefinedError with the name
            return value_of(value)

        return evaluate


def value_of(value: Any) -> Any:
    """What an expression gave, where it is a value: filters' iterators become lists."""
    if isinstance(value, Iterator):
        value = list(value)
    as_json(value)
    return value


def _plain(text: str) -> Callable[[Mapping[str, Any]], str]:
    """Most templates are names in a text; Jinja would give the same, ten times slower."""

    def fill(values: Mapping[str, Any]) -> str:
        return _PLAIN_NAME.sub(lambda match: as_text(_look_up(match[1], values)), text)

    return fill


def _look_up(name: str, values: Mapping[str, Any]) -> Any:
    try:
        return value_of(values[name])
    except KeyError:
        raise UndefinedError(f"'{name}' is undefined") from None


def _require(names: Iterable[str], values: Mapping[str, Any]) -> None:
    """All names are defined, also those in a branch that is not taken this time."""
    for name in sorted(names):
        if name not in values and name not in _GLOBALS:
            raise UndefinedError(f"'{name}' is undefined")


def _undefined(error: UndefinedError, text: str, values: Mapping[str, Any]) -> TemplateFault:
    match = _UNDEFINED.search(error.message or "")
    if match is None:  # an attribute that a value does not have
        reason = _OBJECT.sub(lambda found: f"a {found[1]}", error.message or "")
        return TemplateFault(f"the template cannot be filled in: {reason}")
    name = match[1]
    before = text[: max(text.find(name), 0)]
    return TemplateFault(
        f"`{name}` is not defined", nearest(name, values), before.count("\n") + 1, name
    )
