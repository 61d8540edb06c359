"""The printed room kit: what is on each page, what must not be, and that it stands alone."""

from __future__ import annotations

import re
import shlex
from datetime import datetime, timedelta
from html.parser import HTMLParser

import click
import pytest

from labctl.cli.root import labctl
from labctl.library.library import Library
from labctl.library.planning import plan
from labctl.library.undrawn import undrawn
from labctl.roomkit.invigilator import COURSE, EMERGENCIES, invigilator
from labctl.roomkit.model import Place, Room, Sheet, by_name, in_order
from labctl.roomkit.register import register
from labctl.roomkit.sheets import sheets
from labctl.roomkit.slips import ON_A_PAGE, slips
from labctl.roomkit.text import line, paragraphs
from labctl.sessions.clock import Timing
from tests.fakes.command import LIBRARY

ROOM = Room(
    "s7k2ab",
    datetime.fromisoformat("2026-03-14T09:30"),
    datetime.fromisoformat("2026-03-14T11:00"),
    "Room 12 <b>",
    "assessment",
    ("dean",),
)
AMY = Place("A1", "C101", "Leave a note", 3600, name="Amy Jones", pin="k7wx3m")
BO = Place("A2", "C102", "Leave a note", 3600, 25, "25 % extra time", "Bo & Söhne", pin="abc234")
CY = Place(
    "A10", "C103", "Move", 2700, 100, "100 % extra time, rest breaks", "Cy <script>", "sess01"
)
PLACES = (CY, BO, AMY)


class Page(HTMLParser):
    """A page as a browser sees it: its text, and every tag with its attributes."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._style = False
        self.feed(content.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def count(self, tag: str, kind: str = "") -> int:
        return sum(
            name == tag and (not kind or kind in (attributes.get("class") or "").split())
            for name, attributes in self.tags
        )


def sheet(place: Place = AMY, *, own: bool = True, **more: object) -> Sheet:
    lab = Library.open([LIBRARY]).lab("notes")
    if own:
        return Sheet(place, plan(lab, 7), own=True, **more)  # type: ignore[arg-type]  # as named
    found = undrawn(lab)
    return Sheet(place, found.plan, own=False, letters=found.letters, unmarked=found.unmarked)


def every_page() -> dict[str, bytes]:
    return {
        "slips": slips(ROOM, PLACES),
        "register": register(ROOM, PLACES),
        "invigilator": invigilator(ROOM, PLACES),
        "sheets": sheets(ROOM, (sheet(), sheet(BO, own=False))),
        "large": sheets(ROOM, (sheet(),), large=True),
    }


@pytest.mark.parametrize("name", every_page())
def test_a_page_stands_alone(name: str) -> None:
    page = Page(every_page()[name])
    assert {"script", "img", "link", "iframe"}.isdisjoint(tag for tag, _ in page.tags)
    assert not any({"src", "href"} & attributes.keys() for _, attributes in page.tags)
    assert "url(" not in every_page()[name].decode()
    (policy,) = [each["content"] for tag, each in page.tags if "http-equiv" in each]
    assert policy is not None
    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize("name", every_page())
def test_names_stand_on_the_register_and_nowhere_else(name: str) -> None:
    text = Page(every_page()[name]).text
    found = [each for each in PLACES if each.name in text]
    assert len(found) == (3 if name == "register" else 0)


@pytest.mark.parametrize("name", every_page())
def test_pins_stand_on_the_slips_and_nowhere_else(name: str) -> None:
    text = every_page()[name].decode()
    assert ("k7w x3m" in text) == (name == "slips")
    assert "k7wx3m" not in text


# ------------------------------------------------------------------ slips


def test_a_slip_says_where_who_and_how() -> None:
    page = Page(slips(ROOM, PLACES))
    assert page.count("article", "slip") == 2  # nobody knows the PIN of the third any more
    assert "Saturday 14 March 2026, 09:30" in page.text
    assert "Room 12 <b>" in page.text
    assert "C101" in page.text
    assert "until the invigilator opens your machines" in page.text
    assert page.text.index("C101") < page.text.index("C102")
    addressed = Page(slips(Room(*_head(), address="10.0.0.5"), PLACES))
    assert addressed.text.count("10.0.0.5") == 2
    assert "go to the address above" in addressed.text


def _head() -> tuple[str, datetime, datetime, str, str, tuple[str, ...]]:
    return ROOM.sitting, ROOM.starts, ROOM.until, ROOM.name, ROOM.mode, ROOM.staff


def test_slips_are_several_to_a_page() -> None:
    many = tuple(Place(f"A{n}", f"C{n}", "L", 3600, pin="abc234") for n in range(ON_A_PAGE + 1))
    assert Page(slips(ROOM, many)).count("section", "sheet") == 2
    assert "nothing to hand out" in Page(slips(ROOM, ())).text


# ------------------------------------------------------------------ register


def test_the_register_is_by_name_with_room_to_write() -> None:
    page = Page(register(ROOM, PLACES))
    told = page.text
    assert told.index("Amy Jones") < told.index("Bo & Söhne") < told.index("Cy <script>")
    for head in ("Present", "Late", "Absent", "Identity checked", "Signature", "Time allowed"):
        assert head in told
    assert page.count("span", "box") == 3 * 3
    assert "75 min, until 10:45 25 % extra time" in told
    assert "60 min, until 10:30 25 %" not in told
    assert page.count("thead") == 1


def test_somebody_who_is_not_on_the_roster_comes_last() -> None:
    stranger = Place("A3", "C000", "L", 3600)
    assert by_name((stranger, *PLACES))[-1] == stranger
    assert "C000" in Page(register(ROOM, (stranger,))).text


def test_seats_are_in_the_order_of_the_room() -> None:
    assert [each.label for each in in_order(PLACES)] == ["A1", "A2", "A10"]


@pytest.mark.parametrize(
    "seconds, extra, finish",
    [(3600, 0, "10:30"), (3600, 25, "10:45"), (2700, 25, "10:26:15"), (10, 1, "09:30:11")],
)
def test_a_finish_is_to_the_second_as_the_clock_has_it(
    seconds: int, extra: int, finish: str
) -> None:
    place = Place("A1", "C", "L", seconds, extra)
    assert f", until {finish} " in f"{Page(register(ROOM, (place,))).text} "
    timing = Timing(allowance=timedelta(seconds=seconds), percent=extra)
    assert place.allowed == timing.total


# ------------------------------------------------------------------ task sheets


def test_a_sheet_has_the_candidates_own_values() -> None:
    page = Page(sheets(ROOM, (sheet(),)))
    word = plan(Library.open([LIBRARY]).lab("notes"), 7).values["word"]
    assert word in page.text
    assert "Your values" not in page.text
    assert "Some values are your own" not in page.text
    assert page.count("span", "value") == 0
    assert "Hints" not in page.text
    assert "(3 marks)" in page.text
    assert "You have 60 min." in page.text
    assert "nobody logs in here" in page.text


def test_before_values_are_known_letters_stand_for_them() -> None:
    page = Page(sheets(ROOM, (sheet(own=False),)))
    assert "Some values are your own" in page.text
    assert "My values" in page.text
    assert page.count("span", "value") == 3  # what it looks like, in the brief, and a line to fill
    assert "⟦" not in page.text


def test_a_sheet_of_a_session_says_how_to_get_in_and_what_was_said_since() -> None:
    found = sheet(CY, hints=True, notices=("Task 2 means /etc/kept.",))
    page = Page(sheets(ROOM, (found,)))
    assert "labctl console sess01 desk" in page.text
    assert "labctl console sess01 shelf" not in page.text
    assert "Notice. Task 2 means /etc/kept." in page.text
    assert "Hints" in page.text


def test_each_candidate_begins_on_a_page_of_their_own() -> None:
    page = Page(sheets(ROOM, (sheet(), sheet(BO))))
    assert page.count("section", "candidate") == 2
    assert "break-before: page" in sheets(ROOM, (sheet(),)).decode()


def test_in_large_print_nothing_is_smaller_than_18_points() -> None:
    """The page's own test is the eye; this holds what the eye saw."""
    text = sheets(ROOM, (sheet(),), large=True).decode()
    own = text[text.index("18pt") : text.index("</style>")]
    assert {float(each) for each in re.findall(r"font(?:-size)?: ([\d.]+)pt", own)} == {18.0}
    assert all(float(each) >= 1 for each in re.findall(r"font-size: ([\d.]+)em", own))
    assert "<small" not in text


# ------------------------------------------------------------------ the labs' Markdown


def test_markdown_is_set_and_markup_is_not_obeyed() -> None:
    told = paragraphs("**Do** `a<b`:\n\n| a | b |\n|---|---|\n| 1 | <script>x</script> |\n")
    assert "<strong>Do</strong> <code>a&lt;b</code>" in told
    assert "<table>" in told
    assert "<script" not in told


@pytest.mark.parametrize(
    "text", ["![x](http://y/z.png)", "[x](javascript:y)", "<http://y>", '<img src="x">', "<b>x</b>"]
)
def test_nothing_in_a_brief_is_fetched_or_followed(text: str) -> None:
    for told in (paragraphs(text), line(text)):
        assert not re.search(r"<(?!/?p\b)", told), told


def test_a_wide_table_can_be_set_row_by_row_in_large_print() -> None:
    wide = "| a | b `c` | <d> |\n|---|---|---|\n| 1 | 2 | 3 |\n"
    told = Page(paragraphs(f"{wide}\n| a |\n|---|\n| 1 |\n").encode())
    assert [each.get("class") for tag, each in told.tags if tag == "table"] == ["wide", None]
    names = [each["data-column"] for tag, each in told.tags if tag == "td"]
    assert names == ["a", "b c", "<d>", "a"]


def test_letters_are_boxed_wherever_they_stand() -> None:
    assert line("a `⟦B⟧` c") == 'a <code><span class="value">B</span></code> c'
    assert line("⟦no letter⟧") == "⟦no letter⟧"
    assert line("one\ntwo") == "one two"


# ------------------------------------------------------------------ the invigilator's sheet


def test_it_says_who_is_ready_when() -> None:
    told = Page(invigilator(ROOM, PLACES)).text
    assert "Leave a note A1 60 min 10:30" in told
    assert "Leave a note A2 (+25 %) 75 min 10:45" in told
    assert "Move A10 (+100 %) 90 min 11:00" in told
    assert "The room is too short" not in told
    assert "A10 100 % extra time, rest breaks" in told
    assert "A2 25 % extra time" not in told
    assert "A10 C103 sess01" in told


def test_it_says_who_will_not_be_ready_in_time() -> None:
    over = Place("B1", "C104", "Move", 3600, 100)
    told = Page(invigilator(ROOM, (*PLACES, over))).text
    assert "The room is too short for 1 of them. Somebody who begins at 09:30 at seat B1" in told


def test_it_says_what_to_type_with_the_sittings_code() -> None:
    told = Page(invigilator(ROOM, PLACES)).text
    assert 'labctl sitting pause s7k2ab --reason "fire alarm"' in told
    assert "SITTING" not in told


COMMANDS = [each for situation in (*EMERGENCIES, *COURSE) for each in situation.commands]


@pytest.mark.parametrize("command", COMMANDS)
def test_what_it_says_to_type_is_there(command: str) -> None:
    """Every command is one, with these arguments and options."""
    name, *words = shlex.split(command.replace("MINUTES", "5").replace(" N ", " 5 "))
    assert name == "labctl"
    found: click.Command = labctl
    # The command's own settings: it remembers its option for help as the first context has it.
    context = click.Context(found, info_name="labctl", **found.context_settings)
    while isinstance(found, click.Group):
        taken, inner, words = found.resolve_command(context, words)
        assert inner is not None
        context = click.Context(inner, parent=context, info_name=taken)
        found = inner
    found.parse_args(context, words)
