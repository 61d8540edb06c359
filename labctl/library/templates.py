"""Filling in templates: Jinja2 in its sandbox, where an undefined name is an error.

A string that is exactly one `{{ expression }}` keeps the expression's type; in any other, values
become text (`values.as_text`). What would differ from run to run (`random`, `lipsum`) is not there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, Undefined
from jinja2.meta import find_undeclared_variables
from jinja2.nodes import Name, Output, Template, TemplateData
from jinja2.sandbox import ImmutableSandboxedEnvironment

from labctl.library.findings import nearest
from labctl.library.values import as_json, as_text

LIMIT = 1 << 18
"""Letters that a filled-in text may have."""

_MARK = re.compile(r"\{[{%#]")
_PLAIN_NAME = re.compile(r"\{\{ *([A-Za-z_][A-Za-z0-9_]*) *\}\}")
_GLOBALS = frozenset({"range", "dict"})
_EDGE = re.compile(r"\A\{\{[-+]?|[-+]?\}\}\Z")
_OBJECT = re.compile(r"'labctl\.[a-z.]*\.([A-Za-z]+) object'")


class TemplateFault(ValueError):
    """A template cannot be filled in.

    `line` (from 1) is inside its text; `missing` are the names in it that are not defined, if that
    is why.
    """

    def __init__(
        self, message: str, hint: str = "", line: int = 1, missing: tuple[str, ...] = ()
    ) -> None:
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
    if isinstance(value, Undefined):
        return value  # Jinja raises, with the name
    if value is None:
        raise ValueError("`none` is no text")
    return as_text(as_json(value))


@dataclass(frozen=True, slots=True)
class Compiled:
    """A template made ready: the names that it needs, and what fills it in."""

    names: tuple[str, ...]
    program: Callable[[Mapping[str, Any]], Any]


@dataclass(slots=True)
class Templates:
    """Fills in texts; remembers what it compiled, so that further seeds cost little."""

    environment: ImmutableSandboxedEnvironment = field(default_factory=_environment)
    compiled: dict[str, Compiled] = field(default_factory=dict)

    def fill(self, text: str, values: Mapping[str, Any]) -> Any:
        """`text` with `values` filled in; raises `TemplateFault`."""
        if not is_template(text):
            return text
        try:
            compiled = self.compiled.get(text)
            if compiled is None:
                compiled = self.compiled[text] = self._compile(text)
            missing = tuple(name for name in compiled.names if name not in values)
            if missing:  # also those in a branch that is not taken this time
                raise undefined(missing, text, values)
            result = compiled.program(values)
        except TemplateSyntaxError as error:
            message = f"not a valid template: {_quoted(error.message)}"
            raise TemplateFault(message, "", error.lineno) from error
        except TemplateFault:
            raise
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            message = f"the template cannot be filled in: {_quoted(str(error))}"
            raise TemplateFault(message) from error
        if isinstance(result, str) and len(result) > LIMIT:
            raise TemplateFault(f"the text grows past {LIMIT} letters")
        return result

    def _compile(self, text: str) -> Compiled:
        tree = self.environment.parse(text)
        names = tuple(sorted(find_undeclared_variables(tree) - _GLOBALS))
        return Compiled(names, self._program(text, tree, names))

    def _program(
        self, text: str, tree: Template, names: tuple[str, ...]
    ) -> Callable[[Mapping[str, Any]], Any]:
        match tree.body:
            case [Output(nodes=[Name(name=name)])] if name in names:
                return lambda values: value_of(values[name])
            case [Output(nodes=[node])] if not isinstance(node, TemplateData):
                return self._expression(_EDGE.sub("", text))
        if is_template(_PLAIN_NAME.sub("", text)) or not {*_PLAIN_NAME.findall(text)} <= {*names}:
            return self.environment.from_string(text).render
        # Most templates are names in a text; Jinja would give the same, ten times slower.
        return lambda values: _PLAIN_NAME.sub(lambda found: _finalize(values[found[1]]), text)

    def _expression(self, source: str) -> Callable[[Mapping[str, Any]], Any]:
        expression = self.environment.compile_expression(source, undefined_to_none=False)

        def evaluate(values: Mapping[str, Any]) -> Any:
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


def undefined(names: tuple[str, ...], text: str, values: Mapping[str, Any]) -> TemplateFault:
    """The fault that `names`, of which `text` speaks, are not among `values`."""
    place = re.search(rf"\b{re.escape(names[0])}\b", text)
    line = text[: place.start() if place else 0].count("\n") + 1
    message = f"`{names[0]}` is not defined"
    return TemplateFault(message, nearest(names[0], values), line, names)


def _quoted(message: str | None) -> str:
    """Jinja's messages with names the way ours have them."""
    text = _OBJECT.sub(lambda found: f"a {found[1]}", message or "unknown")
    return re.sub(r"'([^']*)'", r"`\1`", text).rstrip(".")
