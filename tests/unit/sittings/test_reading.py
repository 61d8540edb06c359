"""What was cut off: begun, and neither ended nor done again since."""

from __future__ import annotations

from labctl.sittings.reading import cut_off
from labctl.store import Event


def log(*kinds: str) -> list[Event]:
    """Events of a sitting; `kind:number` is the end of the act of that number."""
    found = []
    for number, text in enumerate(kinds, 1):
        kind, _, intent = text.partition(":")
        data = {"intent": int(intent)} if intent else {}
        found.append(Event("s-abcd", number, "", kind, data, "ada", "", ""))
    return found


def numbers(*kinds: str) -> list[int]:
    return [event.sequence for event in cut_off(log(*kinds))]


def test_what_has_no_end_is_cut_off() -> None:
    assert numbers("sitting.planned", "pause.intended") == [2]
    assert numbers("pause.intended", "pause.done:1") == []


def test_the_same_act_done_since_settles_it_and_another_does_not() -> None:
    assert numbers("pause.intended", "pause.intended", "pause.done:2") == []
    assert numbers("pause.intended", "resume.intended", "resume.done:2") == [1]
    assert numbers("begin.intended", "begin.intended", "begin.done:1") == [2]


def test_a_notice_is_settled_by_its_own_end_alone() -> None:
    assert numbers("notice.intended", "notice.intended", "notice.done:2") == [1]
    assert numbers("notice.intended", "notice.intended", "notice.done:2", "notice.done:1") == []
