"""A lab as it reads before anything is drawn: what a sheet can say to everybody alike.

Every value that a candidate gets of their own is a letter in brackets. The letters tell nothing:
the name of a parameter, or what is done with it, may give an answer away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, islice, product
from string import ascii_uppercase
from typing import Any

from jinja2.nodes import Assign, AssignBlock, Node, Output, TemplateData

from labctl.library.planning import Lab, plan
from labctl.library.templates import Templates, is_template
from labctl.plan import Plan, TaskPlan

LETTERS = "".join(each for each in ascii_uppercase if each not in "IO")
OPEN, CLOSE = "⟦", "⟧"  # as no lab writes them
SILENT = (Assign, AssignBlock)
"""What a template does without writing anything."""


@dataclass(frozen=True, slots=True)
class Undrawn:
    """A lab without values: a plan whose texts have `letters` in their place.

    The plan has no hosts where they differ from seed to seed. `unmarked` are the ids of tasks whose
    marks may.
    """

    plan: Plan
    letters: tuple[str, ...]
    unmarked: frozenset[str]


def undrawn(lab: Lab) -> Undrawn:
    """The lab's sheet with a letter for each value; raises `LabFileError` as `plan` does."""
    body = lab.source.body
    any_plan = plan(lab, 0)
    text = _Blanks(lab.templates)
    hosts = any_plan.hosts if _same_for_all(body["hosts"]) else ()
    tasks = tuple(
        _task(text, raw, planned)
        for raw, planned in zip(body["tasks"], any_plan.tasks, strict=True)
    )
    differ = {
        planned.id
        for raw, planned in zip(body["tasks"], any_plan.tasks, strict=True)
        if _marks_are_drawn(raw)
    }
    made = replace(any_plan, values={}, variables={}, hosts=hosts, tasks=tasks, cases=())
    return Undrawn(made, tuple(text.seen), frozenset(differ))


def _same_for_all(hosts: Mapping[str, Any]) -> bool:
    """Whether what a sheet tells of the hosts comes from no value."""
    told = {
        name: {key: raw.get(key) for key in ("networks", "access", "login")}
        for name, raw in hosts.items()
    }
    return not any(is_template(each) for each in _strings(told))


def _task(text: _Blanks, raw: Mapping[str, Any], planned: TaskPlan) -> TaskPlan:
    return replace(
        planned,
        title=text(raw["title"]),
        brief=text(raw["brief"]),
        hints=tuple(text(each) for each in raw.get("hints", ())),
        checks=tuple(replace(each, parameters=None) for each in planned.checks),
        judged=tuple(
            replace(each, title=text(told["title"]))
            for told, each in zip(raw.get("judged", ()), planned.judged, strict=True)
        ),
        questions=tuple(
            {
                "text": text(each["text"]),
                "options": [text(one) for one in each.get("options") or ()],
            }
            for each in raw.get("questions", ())
        ),
    )


def _marks_are_drawn(raw: Mapping[str, Any]) -> bool:
    """Whether the marks of a task, or how often a check is repeated, come from values."""
    told = [
        each.get(key)
        for part in ("checks", "judged")
        for each in raw.get(part, ())
        for key in ("marks", "for_each")
    ]
    return any(is_template(each) for each in _strings(told))


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from (*_strings(key), *_strings(each))
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)


@dataclass
class _Blanks:
    """Puts a letter in the place of whatever a template would fill in; the same for the same."""

    templates: Templates
    nodes: list[Node] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def __call__(self, text: Any) -> str:
        if not isinstance(text, str) or not is_template(text):
            return str(text)
        found: list[str] = []
        for node in self.templates.environment.parse(text).body:
            for each in node.nodes if isinstance(node, Output) else [node]:
                if isinstance(each, TemplateData):
                    found.append(each.data)
                elif not isinstance(each, SILENT):
                    found.append(f"{OPEN}{self._letter(each)}{CLOSE}")
        return "".join(found)

    def _letter(self, node: Node) -> str:
        if node not in self.nodes:
            self.nodes.append(node)
            self.seen.append(_name(len(self.nodes) - 1))
        return self.seen[self.nodes.index(node)]


def _name(number: int) -> str:
    """`A` … `Z`, then `AA` … `ZZ`, without letters that look like digits."""
    pairs = ("".join(pair) for pair in product(LETTERS, repeat=2))
    return next(islice(chain(LETTERS, pairs), number, None))
