"""`labctl images`: what lab hosts are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from labctl.cli.settings import Settings, as_json, library_option, pass_settings
from labctl.errors import ProviderError, UsageError

if TYPE_CHECKING:
    from labctl.cli.screen import Screen
    from labctl.images.library import ImageLibrary
    from labctl.images.model import BuildProgress, BuildResult


@click.group()
def images() -> None:
    """Build and list the images that lab hosts are made from."""


@images.command("list")
@library_option
@as_json
@pass_settings
def list_images(settings: Settings, *, as_json: bool) -> None:
    """Show all images, and which of them this server has."""
    from labctl.images.build import plan_builds

    found = plan_builds(None, _library(settings))
    if as_json:
        settings.screen.json(found)
        return
    screen = settings.screen
    rows = [
        (
            each.name,
            screen.text("✓ built", "green")
            if each.present
            else screen.text("· not built", "yellow"),
            f"{each.size / 2**20:.0f} MB" if each.present else "",
            each.description,
        )
        for each in found
    ]
    screen.table(("IMAGE", "STATE", ">SIZE", "WHAT IT IS"), rows)
    if not all(each.present for each in found):
        screen.say("`labctl images build` makes those that are missing.")


@images.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--kind",
    type=click.Choice(("container", "machine")),
    help="Only those of containers, or only those of virtual machines with what they stand on.",
)
@library_option
@as_json
@pass_settings
def build(settings: Settings, names: tuple[str, ...], kind: str | None, *, as_json: bool) -> None:
    """Build the images that are missing or whose inputs have changed (all, or those named)."""
    from labctl.images.build import build as make
    from labctl.images.build import plan_builds

    screen, library = settings.screen, _library(settings)
    if kind is not None:
        found = [library.image(name) for name in names or library.names()]
        names = tuple(image.name for image in found if image.kind == kind)
        if not names:
            raise UsageError(f"None of these images is for a {kind}.", "`labctl images list`")
    settings.when_interrupted = "`labctl images build` goes on with the images that are missing."
    missing = [each.name for each in plan_builds(names or None, library) if not each.present]
    if not missing:
        made = make(names or None, library=library)
        if not as_json:
            screen.say(f"All {len(made)} images are up to date.", "dim")
    else:
        screen.say(f"Building {len(missing)} images: {', '.join(missing)}")
        made = _build(screen, names, library, len(missing))
    if as_json:
        screen.json(made)


def _build(
    screen: Screen, names: tuple[str, ...], library: ImageLibrary, count: int
) -> tuple[BuildResult, ...]:
    """Build with a bar on a terminal, and a line an image elsewhere."""
    from labctl.images.build import build as make

    begun: list[str] = []
    with screen.bar(count * 100) as bar:

        def report(progress: BuildProgress) -> None:
            fresh = progress.image not in begun
            if fresh:
                begun.append(progress.image)
            share = 100 * progress.step // progress.steps if progress.steps else 0
            done = (len(begun) - 1) * 100 + share
            if screen.live:
                bar.step(f"{progress.image}: {progress.line}", done)
            elif fresh:
                bar.step(f"{progress.image}: building", done)

        made = make(names or None, report, library)
    for each in made:
        if each.built:
            size = f"{each.size / 2**20:.0f} MB"
            screen.say(f"✓ {each.name}: built in {each.seconds:.0f} s, {size}")
    return made


@images.command()
@library_option
@as_json
@pass_settings
def prune(settings: Settings, *, as_json: bool) -> None:
    """Remove images whose inputs have changed since and that nothing uses.

    The disks and saved states that virtual machines were made from go with them.
    """
    from labctl.cli.words import plural
    from labctl.images.cleanup import remove_superseded
    from labctl.providers.libvirt.pruning import remove_superseded as remove_disks

    screen, library = settings.screen, _library(settings)
    gone = remove_superseded(library=library)
    try:
        gone += remove_disks(library=library)
    except ProviderError as error:
        screen.warn(f"{error.message} {error.hint}")
    if as_json:
        screen.json(gone)
        return
    for name in gone:
        screen.line(name)
    screen.say(f"{plural(len(gone), 'image')} removed." if gone else "Nothing to remove.")


def _library(settings: Settings) -> ImageLibrary:
    """The images of every library that has some, a centre's own before the built-in ones."""
    from labctl.images.library import ImageLibrary

    folders = [root / "images" for root in settings.library().roots]
    return ImageLibrary([folder for folder in folders if folder.is_dir()])
