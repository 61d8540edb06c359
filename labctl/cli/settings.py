"""What every command is given, and the options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from labctl.cli.screen import Screen
    from labctl.library.library import Library
    from labctl.sessions.controller import Controller, Tell

SERVER_VARIABLE = "LABCTL_SERVER"
"""`always` in it goes through the server whoever the state directory belongs to."""

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


@dataclass
class Settings:
    """The options that hold for all commands, and what commands work with.

    `when_interrupted` is what to say after Ctrl-C; a command that acts sets it to what the next
    command will do about what it leaves.
    """

    libraries: list[Path] = field(default_factory=list)
    debug: bool = False
    when_interrupted: str = ""

    @cached_property
    def screen(self) -> Screen:
        """The terminal, or whatever stands in its place."""
        from labctl.cli.screen import Screen

        return Screen()

    def library(self) -> Library:
        """The labs of `--library`, of `LABCTL_LIBRARY`, and those that come with labctl."""
        from labctl.library.library import Library

        return Library.open(self.libraries)

    @contextmanager
    def controller(self, tell: Tell | None = None) -> Iterator[Controller]:
        """The controller of this installation; `tell` gets its narration (none: the screen).

        It goes through the server where the state directory is not the caller's.
        """
        from labctl.sessions.controller import Controller

        with Controller.open(self.libraries, tell or self.screen.tell) as controller:
            if goes_through_server(controller.home):
                from labctl.server.asking import use_server

                use_server(controller)
            yield controller


def goes_through_server(home: Path) -> bool:
    """Whether commands are done by the server: the state directory is somebody else's."""
    from labctl.store.home import is_ours

    return os.environ.get(SERVER_VARIABLE) == "always" or not is_ours(home)


pass_settings = click.make_pass_decorator(Settings)

as_json = click.option("--json", "as_json", is_flag=True, help="Print the data as JSON.")


def _add_libraries(context: click.Context, _option: click.Parameter, found: Any) -> None:
    settings = context.ensure_object(Settings)
    settings.libraries.extend(Path(each) for each in found)


def library_option(command: CommandT) -> CommandT:
    """Give a command the option `--library`, which adds to those given before."""
    option = click.option(
        "--library",
        type=click.Path(path_type=Path),
        metavar="DIR",
        multiple=True,
        expose_value=False,
        callback=_add_libraries,
        help="Use the labs in this folder too; may be given more than once.",
    )
    return option(command)
