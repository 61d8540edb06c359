"""The command `labctl`: its sections, and which module has which command."""

from __future__ import annotations

import difflib
from importlib import import_module

import click

from labctl.cli.settings import Settings, library_option, pass_settings

SECTIONS: dict[str, dict[str, str]] = {
    "Sittings": {
        "sitting": "labctl.cli.sitting:sitting",
    },
    "Sessions": {
        "start": "labctl.cli.starting:start",
        "sessions": "labctl.cli.looking:sessions",
        "show": "labctl.cli.looking:show",
        "tui": "labctl.cli.watching:tui",
        "tasks": "labctl.cli.looking:tasks",
        "check": "labctl.cli.grading:check",
        "pause": "labctl.cli.pausing:pause",
        "resume": "labctl.cli.pausing:resume",
        "extend": "labctl.cli.pausing:extend",
        "submit": "labctl.cli.grading:submit",
        "reopen": "labctl.cli.reopening:reopen",
        "stop": "labctl.cli.starting:stop",
    },
    "Hosts": {
        "console": "labctl.cli.hosts:console",
        "put": "labctl.cli.hosts:put",
        "get": "labctl.cli.hosts:get",
        "hands": "labctl.cli.handling:hands",
        "reset": "labctl.cli.resetting:reset",
        "thaw": "labctl.cli.watching:thaw",
    },
    "Incidents": {
        "note": "labctl.cli.incidents:note",
        "notice": "labctl.cli.incidents:notice",
        "suspend": "labctl.cli.incidents:suspend",
        "void": "labctl.cli.incidents:void",
    },
    "The record": {
        "remark": "labctl.cli.keeping:remark",
        "capture": "labctl.cli.capturing:capture",
        "evidence": "labctl.cli.keeping:evidence",
        "audit": "labctl.cli.keeping:audit",
    },
    "The centre": {
        "people": "labctl.cli.people:people",
        "staff": "labctl.cli.staff:staff",
        "centre": "labctl.cli.centre:centre",
    },
    "Labs and this server": {
        "labs": "labctl.cli.labs:labs",
        "policy": "labctl.cli.policy:policy",
        "images": "labctl.cli.images:images",
        "doctor": "labctl.cli.doctor:doctor",
        "backup": "labctl.cli.backing_up:backup",
        "restore": "labctl.cli.backing_up:restore",
        "upgrade": "labctl.cli.backing_up:upgrade",
        "gc": "labctl.cli.keeping:gc",
        "serve": "labctl.cli.serving:serve",
        "demo": "labctl.cli.demo:demo",
    },
}

HIDDEN = {"warden": "labctl.cli.keeping:warden"}
"""What labctl starts by itself."""

EPILOG = """\b
Exit codes:
  0    fine
  1    problems were found (by lint, verify, prepare, doctor, audit or demo)
  2    the command cannot be done as asked, or a name is unknown
  3    a lab file, a roster, or the centre's policy, has mistakes
  4    Docker, an image or a host failed
  5    the record cannot be read or written
  70   a fault of labctl's own
  130  ended by Ctrl-C; the next command settles what is half done

\b
Environment:
  LABCTL_HOME      the directory of all state
  LABCTL_LIBRARY   more folders with labs, separated by colons
  LABCTL_POLICY    the centre's policy, if not policy.yaml in LABCTL_HOME
  LABCTL_SERVER    always: commands go through `labctl serve`
  NO_COLOR         no colours

Data goes to stdout and narration to stderr; --json gives data as JSON.
"""


class Commands(click.Group):
    """A group whose commands are imported when they are used, and listed in sections."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # as click calls it
        """All names, in the order of the sections."""
        return [name for section in SECTIONS.values() for name in section]

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002  # as click calls it
        cmd_name: str,
    ) -> click.Command | None:
        """The command, from its module."""
        for section in (*SECTIONS.values(), HIDDEN):
            if cmd_name in section:
                module, _, attribute = section[cmd_name].partition(":")
                found: click.Command = getattr(import_module(module), attribute)
                return found
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that `args` begins with; the nearest names for one that is none."""
        name = args[0] if args else ""
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            near = difflib.get_close_matches(name, self.list_commands(ctx), n=2, cutoff=0.5)
            meant = f" Did you mean {' or '.join(f'`{each}`' for each in near)}?" if near else ""
            raise click.UsageError(f"There is no command `{name}`.{meant}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands in their sections, each with one line."""
        names = self.list_commands(ctx)
        width = max(len(name) for name in names)
        limit = formatter.width - 6 - width
        for title, section in SECTIONS.items():
            rows = []
            for name in section:
                command = self.get_command(ctx, name)
                assert command is not None
                rows.append((name.ljust(width), command.get_short_help_str(limit)))
            with formatter.section(title):
                formatter.write_dl(rows)


@click.group(
    cls=Commands,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
)
@library_option
@click.option("--debug", is_flag=True, help="Show where in labctl a fault of its own came from.")
@click.version_option(package_name="labctl-assess", prog_name="labctl")
@pass_settings
def labctl(settings: Settings, *, debug: bool) -> None:
    """Run hands-on practical assessments: labs up, work graded over SSH, the record kept.

    \b
    labctl labs list                             which labs there are
    labctl start static-routing --candidate amy  a lab for one candidate
    labctl tasks CODE                            the candidate's task sheet
    labctl submit CODE                           take the work in and grade it
    """  # noqa: D301  # click wants the backspace itself: it keeps the lines as they are
    settings.debug = debug
