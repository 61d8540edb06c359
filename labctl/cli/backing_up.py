"""`labctl backup`, `restore` and `upgrade`: what keeps the record safe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from labctl.cli.settings import Settings, as_json, pass_settings

if TYPE_CHECKING:
    from labctl.backup.making import BackedUp
    from labctl.backup.restoring import Restored
    from labctl.cli.screen import Screen


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE|DIR")
@as_json
@pass_settings
def backup(settings: Settings, file: Path, *, as_json: bool) -> None:
    """Write all of the centre's state to one file, while sessions run.

    It holds the record, everything that the record rests on, and the policy: names too, so keep it
    as safe as the server. In a folder it gets a name of its own; nothing is ever overwritten.
    """
    from labctl.backup.making import back_up

    settings.when_interrupted = "There is no backup; nothing else has changed."
    with settings.controller() as controller:
        made = back_up(controller, file)
    if _shown(settings.screen, made, made.path, as_json=as_json):
        _tell_backup(settings.screen, made)


def _shown(screen: Screen, done: object, path: Path, *, as_json: bool) -> bool:
    """Print the data, which is the path for people; whether more is to be told to them."""
    if as_json:
        screen.json(done)
    else:
        screen.line(str(path))
    return not as_json


def _tell_backup(screen: Screen, made: BackedUp) -> None:
    from labctl.cli.words import plural

    for problem in made.about.problems:
        screen.warn(f"in the backup as it is in the record: {problem}")
    told = f"{plural(made.about.sessions, 'session')}, {made.size / 2**20:.1f} MiB"
    screen.say(f"✓ backed up: {told}", "green")
    screen.say(f"SHA-256 {made.digest}; keep the file away from this server.", "dim")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The state directory to restore to (default: LABCTL_HOME).",
)
@click.option(
    "--fingerprint", default="", metavar="TEXT", help="Of the key that must have signed it."
)
@click.option(
    "--as-it-is",
    default="",
    metavar="REASON",
    help="Though the record adds up less than when it was backed up; why, in its log.",
)
@click.option("--replace", is_flag=True, help="Take the place of what is there, and keep that too.")
@as_json
@pass_settings
def restore(
    settings: Settings,
    file: Path,
    into: Path | None,
    fingerprint: str,
    as_it_is: str,
    *,
    replace: bool,
    as_json: bool,
) -> None:
    """Put a backup in place of an empty state directory.

    Every digest and every chain of the record is proved before; what does not add up is named, and
    nothing is changed. LABCTL_DATABASE_URL, where set, must name an empty database.
    """
    from labctl.backup.restoring import restore as put_back
    from labctl.sessions.controller import Controller
    from labctl.store import home_path

    settings.when_interrupted = "Nothing was restored; type the command again."
    home = into.absolute() if into else home_path()
    with Controller(home, settings.libraries, settings.screen.tell) as controller:
        done = put_back(
            controller, file, replace=replace, fingerprint=fingerprint, as_it_is=as_it_is
        )
    if _shown(settings.screen, done, done.home, as_json=as_json):
        _tell_restored(settings.screen, done)


def _tell_restored(screen: Screen, done: Restored) -> None:
    from labctl.cli.words import clock, plural

    for problem in done.problems:
        known = problem in done.about.problems
        when = "so it was when the backup was made" if known else "it does not add up any more"
        screen.warn(f"{when}: {problem}")
    if done.unfinished:
        screen.warn(
            f"{plural(len(done.unfinished), 'session')} had not been handed in, and no backup has "
            f"the hosts. `labctl void` or `stop`: {' '.join(done.unfinished)}"
        )
    if done.before:
        also = [name for name in ("backups", "server") if (done.before / name).exists()]
        told = f", with its {' and '.join(f'`{name}`' for name in also)}" if also else ""
        screen.say(f"What was there is in {done.before}{told}; remove it when you are sure.")
        if "server" in also:
            screen.say("`labctl centre init` makes `server` again.")
    if done.about.key:
        screen.say(f"Signed by the key {done.about.fingerprint}: compare it with the paper.")
    else:
        screen.warn("it is signed by no key, so it may be anybody's (`labctl centre init`)")
    made = f"as of {clock(done.about.made)}"
    screen.say(f"✓ restored: {plural(done.about.sessions, 'session')}, {made}", "green")
    screen.say("`labctl doctor` shows what this server lacks.", "dim")


@click.command()
@as_json
@pass_settings
def upgrade(settings: Settings, *, as_json: bool) -> None:
    """Bring an older labctl's record up to date, after a backup.

    It is tried on a copy first, and refused while sessions run.
    """
    from labctl.backup.upgrading import upgrade as bring_up

    settings.when_interrupted = "`labctl upgrade` goes on, or says that it is done."
    with settings.controller() as controller:
        done = bring_up(controller)
    if done is None:
        if as_json:
            settings.screen.json(done)
        else:
            settings.screen.say("✓ the record is of this version already", "green")
    elif _shown(settings.screen, done, done.backup.path, as_json=as_json):
        settings.screen.say(f"✓ the tables went from {done.before} to {done.after}", "green")
        settings.screen.say("The file named above is the record as it was before.", "dim")
