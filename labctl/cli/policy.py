"""`labctl policy`: the centre's rules, and whether the file that gives them is right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labctl.cli.settings import Settings, as_json, pass_settings

if TYPE_CHECKING:
    from labctl.policy.file import InForce

FOUND_PROBLEMS = 1


@click.group()
def policy() -> None:
    """Show and check the centre's policy.

    It is `policy.yaml` in the state directory, or the file that LABCTL_POLICY names; what it does
    not say, and everything where there is none, is as by default.
    """


@policy.command()
@as_json
@pass_settings
def show(settings: Settings, *, as_json: bool) -> None:
    """Show the rules that hold now, and where each is from.

    A session that has begun keeps the rules that it began under.
    """
    from labctl.policy.file import digest, in_force
    from labctl.policy.shape import as_data
    from labctl.policy.shape import settings as each_of
    from labctl.store import home_path

    found = in_force(home_path())
    data = as_data(found.policy)
    if as_json:
        settings.screen.json(
            {
                "file": found.file,
                "digest": digest(found.policy),
                "policy": data,
                "given": [".".join(path) for path in each_of(data) if path in found.lines],
            }
        )
        return
    rows = [
        (".".join(path), _value(value), _origin(found, path))
        for path, value in each_of(data).items()
    ]
    settings.screen.table(("RULE", "HOLDS", "FROM"), rows)
    where = found.file or "no file: everything is as by default"
    settings.screen.say(f"{where} ({digest(found.policy)[:12]})")


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return str(value)


def _origin(found: InForce, path: tuple[str, ...]) -> str:
    line = found.lines.get(path)
    return "default" if found.file is None or line is None else f"{found.file.name}:{line}"


@policy.command()
@click.argument("file", type=click.Path(path_type=Path))
@as_json
@pass_settings
def check(settings: Settings, file: Path, *, as_json: bool) -> int:
    """Check a policy file: every mistake at once, with its place.

    Exits with 1 if there is one.
    """
    from labctl.cli.words import plural
    from labctl.policy.file import examine

    screen = settings.screen
    found, findings = examine(file)
    if as_json:
        screen.json(findings)
    else:
        for finding in findings:
            screen.line(str(finding))
    if found is None:
        screen.say(f"{plural(len(findings), 'mistake')} in {file}")
        return FOUND_PROBLEMS
    screen.say(f"✓ {file}: nothing wrong", "green")
    return 0


@policy.command()
@pass_settings
def schema(settings: Settings) -> None:
    """Print the JSON Schema of policy files, for editors."""
    from labctl.policy.shape import json_schema

    settings.screen.json(json_schema())
