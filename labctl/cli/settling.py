"""What is said of work that an earlier command left half done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labctl.cli.words import plural

if TYPE_CHECKING:
    from labctl.cli.settings import Settings
    from labctl.sessions.controller import Controller
    from labctl.sessions.recovery import Recovered


def settle(
    settings: Settings, controller: Controller, only: str | None = None
) -> tuple[Recovered, ...]:
    """Finish or undo what is half done (of one session), and say what became of it."""
    from labctl.sessions.recovery import recover

    found = recover(controller, only)
    tell_settled(settings, found)
    return found


def tell_settled(settings: Settings, found: tuple[Recovered, ...]) -> None:
    """Say what became of work that was half done."""
    for each in found:
        how = "is over" if each.verb == "time" else "had been cut off"
        told = f"Session `{each.session}`: its {each.verb} {how}; {each.what}"
        if each.problem:
            settings.screen.warn(f"{told}: {each.problem}")
        else:
            settings.screen.say(told)


def tell_over(settings: Settings, sessions: list[str]) -> None:
    """Say whose time is over without their work being taken in; nothing is changed."""
    if sessions:
        names = ", ".join(f"`{each}`" for each in sessions)
        settings.screen.warn(
            f"Time is over, and the work is not taken in yet: {names}. The warden does it within "
            "seconds where it runs; `labctl show CODE` does it now."
        )


def tell_half_done(settings: Settings, sessions: list[str]) -> None:
    """Say that something is half done, and which command settles it; nothing is changed."""
    if sessions:
        names = ", ".join(f"`{each}`" for each in sessions)
        settings.screen.warn(
            f"{plural(len(sessions), 'session')} with something half done, or in the middle of a "
            f"command: {names}. `labctl show CODE` settles what was cut off."
        )
