"""Task sheets on paper: one candidate's begins on a page of its own, with their seat at the top."""

from __future__ import annotations

from labctl.plan import HostPlan, TaskPlan
from labctl.roomkit import text
from labctl.roomkit.model import Room, Sheet
from labctl.roomkit.page import page


def sheets(room: Room, found: tuple[Sheet, ...], *, large: bool = False) -> bytes:
    """The sheets in the order given; in large print nothing is smaller than 18 points."""
    return page(
        "sheets.html.j2",
        room,
        sheets=found,
        large=large,
        paragraphs=text.paragraphs,
        line=text.line,
        marks=_marks,
        login=_login,
    )


def _marks(sheet: Sheet, task: TaskPlan) -> str:
    """What a task gives, in words; empty where nobody knows, or it gives nothing."""
    found = sum(each.marks for each in task.checks) + sum(each.marks for each in task.judged)
    if not found or task.id in sheet.unmarked:
        return ""
    return f"{found:g} mark{'' if found == 1 else 's'}"


def _login(host: HostPlan) -> str:
    """Whom the candidate logs in to a host as."""
    if host.login is None:
        return "nobody logs in here"
    sudo = " with sudo" if host.login.sudo and host.login.user != "root" else ""
    return f"you are {host.login.user}{sudo}"
