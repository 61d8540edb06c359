"""A lab as it reads before anything is drawn: letters for values, and nothing that tells them."""

from __future__ import annotations

from pathlib import Path

import pytest

from labctl.library.library import Library
from labctl.library.planning import Lab, plan
from labctl.library.undrawn import LETTERS, _name, undrawn
from labctl.sessions.task_sheet import variant_sheet
from tests.fakes.command import LIBRARY

LAB = """\
format: 1
id: {name}
title: Drawn
summary: A page.
area: linux
level: 2
duration: 10m
evidences:
  - {{objective: "LPIC-1 103.1"}}
parameters:
  word: {{choice: [apple, pear]}}
  number: {{int: [100000, 999999]}}
  places: {{sample: {{from: [a, b, c], count: 2}}}}
networks:
  office: {{}}
hosts:
  {host}
tasks:
  - id: write
    title: Write {{{{ word }}}}
    brief: |
      {{% set twice = number * 2 %}}Write `{{{{ word }}}}` and {{{{ twice }}}},
      or {{{{ number + 1 }}}}, never {{{{ number }}}}.
      {{% if word == "apple" %}}
      An apple a day.
      {{% endif %}}
    criteria: ["1.1"]
    hints: ["It is {{{{ number }}}}."]
    checks:
      - {{id: page, host: desk, file: {{path: /srv/page}}}}
    judged:
      - id: reasons
        title: Why {{{{ number }}}}
        marks: 2
        meets: 1
        scale: {{0: None, 2: All}}
  - id: many
    title: Many
    brief: Plain.
    criteria: ["1.1"]
    checks:
      - id: each
        host: desk
        for_each: {{place: "{{{{ places }}}}"}}
        file: {{path: "/srv/{{{{ place }}}}"}}
"""
DESK = "desk: {image: host, networks: [office], access: root}"


def lab(folder: Path, host: str = DESK) -> Lab:
    place = folder / "linux" / "drawn"
    place.mkdir(parents=True)
    (place / "lab.yaml").write_text(LAB.format(name="drawn", host=host))
    return Library.open([folder]).lab("drawn")


def test_every_value_is_a_letter_and_the_same_is_the_same(tmp_path: Path) -> None:
    found = undrawn(lab(tmp_path))
    task = found.plan.tasks[0]
    assert task.title == "Write ⟦A⟧"
    told = task.brief.split()
    assert told[:8] == ["Write", "`⟦A⟧`", "and", "⟦B⟧,", "or", "⟦C⟧,", "never", "⟦D⟧."]
    assert told[8:] == ["⟦E⟧"]
    assert task.hints == ("It is ⟦D⟧.",)
    assert task.judged[0].title == "Why ⟦D⟧"
    assert found.letters == ("A", "B", "C", "D", "E")


def test_nothing_of_any_value_is_left_in_it(tmp_path: Path) -> None:
    made = lab(tmp_path)
    text = repr(undrawn(made).plan)
    for word in ("apple", "number", "twice", str(plan(made, 0).values["number"])):
        assert word not in text
    assert undrawn(made).plan.cases == ()


def test_marks_that_come_from_values_are_not_told(tmp_path: Path) -> None:
    assert undrawn(lab(tmp_path)).unmarked == {"many"}


def test_hosts_that_differ_are_left_to_the_screen(tmp_path: Path) -> None:
    assert [each.name for each in undrawn(lab(tmp_path / "same")).plan.hosts] == ["desk"]
    drawn = 'desk: {image: host, networks: [office], access: user, login: {user: "{{ word }}"}}'
    assert undrawn(lab(tmp_path / "other", drawn)).plan.hosts == ()


@pytest.mark.parametrize("name", ["notes", "moves"])
def test_a_lab_without_values_reads_as_it_is(name: str) -> None:
    found = Library.open([LIBRARY]).lab(name)
    whole = undrawn(found)
    if not whole.letters:
        assert variant_sheet(whole.plan) == variant_sheet(plan(found, 0))


def test_every_lab_that_comes_with_it_can_be_read_undrawn() -> None:
    library = Library.open([])
    for entry in library.list():
        found = library.lab(entry.id)
        whole = undrawn(found)
        assert len(whole.plan.tasks) == len(plan(found, 0).tasks)
        assert "{{" not in variant_sheet(whole.plan), entry.id
        assert "{%" not in variant_sheet(whole.plan), entry.id


def test_letters_go_on_after_the_last_and_none_looks_like_a_digit() -> None:
    assert not {"I", "O"} & set(LETTERS)
    assert (_name(0), _name(23), _name(24), _name(25)) == ("A", "Z", "AA", "AB")
