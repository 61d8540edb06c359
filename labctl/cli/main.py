"""Where a command ends: every error becomes a message, what to do next, and an exit code.

    0    fine                              5    the record cannot be read or written
    1    problems were found               70   a fault of labctl's own
    2    the command cannot be done so     130  ended by Ctrl-C
    3    a lab file or roster is wrong     141  whoever read the output went away
    4    Docker, an image or a host failed

The codes from 1 to 5 stand on the errors (`labctl.errors`). docs/cli.md says the same to users.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

import click

from labctl.cli.settings import Settings
from labctl.errors import LabctlError, OwnFault

INTERRUPTED = 130
BROKEN_PIPE = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; `arguments` are those after `labctl`."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    for stream in (sys.stdout, sys.stderr):
        _never_fail_to_write(stream)
    settings = Settings()
    with _ended_like_ctrl_c():
        return _run(given, settings)


def _run(given: list[str], settings: Settings) -> int:
    from labctl.cli.root import labctl

    try:
        result = labctl.main(given, prog_name="labctl", standalone_mode=False, obj=settings)
    except LabctlError as error:
        settings.screen.error(error.message, error.hint)
        return error.exit_code
    except click.ClickException as error:
        settings.screen.error(error.format_message(), _usage_hint(error))
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        settings.screen.error("Interrupted.", settings.when_interrupted)
        return INTERRUPTED
    except SystemExit:  # click's answer to a reader of the output that went away
        return BROKEN_PIPE
    except Exception as error:  # noqa: BLE001  # the last resort: said honestly, kept in a file
        from labctl.cli.crash import report

        report(settings.screen, error, given, debug=settings.debug)
        return OwnFault.exit_code
    return result if isinstance(result, int) else 0


def _usage_hint(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"`{context.command_path} --help` shows how." if context else ""


def _never_fail_to_write(stream: TextIO) -> None:
    """A terminal that cannot show a character gets its number instead of an error."""
    reconfigure: Any = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


@contextmanager
def _ended_like_ctrl_c() -> Iterator[None]:
    """`kill` and a closed terminal end a command in the same orderly way as Ctrl-C."""

    def interrupt(_signal: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    before = {}
    for number in (signal.SIGTERM, signal.SIGHUP):
        try:
            if signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, interrupt)
        except ValueError:  # not the main thread: a test, or another program's thread
            break
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
