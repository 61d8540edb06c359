"""`labctl doctor`."""

from __future__ import annotations

import click

from labctl.cli.settings import Settings, as_json, library_option, pass_settings

FOUND_PROBLEMS = 1


@click.command()
@library_option
@as_json
@pass_settings
def doctor(settings: Settings, *, as_json: bool) -> int:
    """See whether this server is ready.

    Each finding comes with its cure; exits with 1 if there is a problem.
    """
    from labctl.cli.words import plural, sign
    from labctl.doctor import examine

    screen = settings.screen
    with settings.controller() as controller:
        found = examine(controller)
    problems = sum(each.level == "problem" for each in found)
    warnings = sum(each.level == "warning" for each in found)
    if as_json:
        screen.json(found)
    else:
        rows = []
        for each in found:
            cure = f"\n→ {each.cure}" if each.cure else ""
            rows.append((sign(each.level), each.title, f"{each.detail}{cure}"))
        screen.table(("", "", ""), rows)
    if problems:
        screen.say(f"{plural(problems, 'problem')}, {plural(warnings, 'warning')}", "red")
        return FOUND_PROBLEMS
    more = f", {plural(warnings, 'warning')}" if warnings else ""
    screen.say(f"✓ ready{more}", "green")
    return 0
