"""Setting up a centre on its server: what is missing is made, what is there is left as it is."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from labctl.centre import services, signing
from labctl.centre.account import GROUP, group_number
from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import LabctlError, UsageError
from labctl.policy.file import POLICY_FILE, policy_path
from labctl.policy.sample import sample
from labctl.store import Home, database_url
from labctl.store.blobs import cannot_write
from labctl.store.home import machine_home

if TYPE_CHECKING:
    from labctl.sessions.controller import Controller

HOME = Path("/var/lib/labctl/centre")
"""The state directory of a machine, unless another is named; virtual machines are beside it."""
BACKUPS = Path("/var/backups/labctl")
KEY_MADE = "key.made"
SCRIPT = "server"

State = Literal["made", "there", "differs"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a centre needs: where it is, and whether it was made now.

    `differs`: it is there, is not what would be made now, and was left as it is.
    """

    what: str
    state: State
    where: str


@dataclass(frozen=True, slots=True)
class Founded:
    """A centre as it is set up; `shared` is whether it is all accounts' of this machine."""

    home: Path
    installation: str
    fingerprint: str
    shared: bool
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Machine:
    """The server itself, as far as setting up touches it."""

    etc: Path = Path("/etc")
    backups: Path = BACKUPS
    is_root: bool = field(default_factory=lambda: os.geteuid() == 0)

    def group(self) -> int | None:
        """The number of the group `labctl`, if there is one."""
        return group_number()

    def make_group(self) -> None:
        """Make the group; raises `LabctlError`."""
        done = subprocess.run(
            ["groupadd", "--system", GROUP], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise LabctlError(
                f"The group `{GROUP}` could not be made: {done.stderr.strip()}",
                f"Make it (`groupadd --system {GROUP}`), then run this again.",
            )

    @property
    def home_file(self) -> Path:
        """Says where this machine's store is."""
        return self.etc / "labctl" / "home"


def init(
    controller: Controller,
    *,
    systemd: bool = False,
    machine: Machine | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Founded:
    """Set up a centre in the controller's state directory; may be given again.

    As root it is that of the whole machine: a group is made for the staff, and all accounts find
    it; `systemd` also makes units. Raises `UsageError` where another one is set up here,
    `NotPermitted`, `StoreError`.
    """
    server = machine or Machine()
    _demand_machine(controller.home, server, systemd=systemd)
    steps = list(_steps(controller, server, environ, systemd=systemd))
    key = signing.load(controller.home)
    assert key is not None
    installation = controller.store.installation_id
    return Founded(controller.home, installation, key.fingerprint, server.is_root, tuple(steps))


def _demand_machine(home: Path, machine: Machine, *, systemd: bool) -> None:
    other = machine_home(machine.home_file)
    if machine.is_root and other not in (None, home):
        raise UsageError(
            f"The centre of this machine is in `{other}`, as `{machine.home_file}` says.",
            f"`labctl centre init --home {other}`; or remove that file to set up another.",
        )
    if systemd and not machine.is_root:
        raise UsageError(
            "Units of systemd are the whole machine's, and take root.",
            f"`sudo labctl centre init --systemd`; without it `{SCRIPT}` in the state directory "
            "starts the server.",
        )


def _steps(
    controller: Controller, machine: Machine, environ: Mapping[str, str], *, systemd: bool
) -> Iterator[Step]:
    home = controller.home
    group = None
    if machine.is_root:
        group, new = machine.group(), False
        if group is None:
            machine.make_group()
            group, new = machine.group(), True
        yield Step("Group", "made" if new else "there", GROUP)
    yield _directory(home, group)
    known = bool(database_url(environ)) or Home(home).database.is_file()
    store = controller.store
    permit(controller, Act.INIT)
    yield Step("Record", "there" if known else "made", store.where)
    yield _key(controller)
    rules = policy_path(home, environ) or home / POLICY_FILE
    yield (
        Step("Policy", "there", str(rules))
        if rules.exists()
        else _file("Policy", rules, sample(), 0o644)
    )
    command = _command()
    text = services.script(home, command, environ)
    yield _file("Script", home / SCRIPT, text, 0o700)
    if machine.is_root:
        yield _file("For all", machine.home_file, f"{home}\n", 0o644)
    if systemd:
        yield from _units(home, machine, command, environ)


def _directory(home: Path, group: int | None) -> Step:
    if home.is_dir():
        return Step("Directory", "there", str(home))
    try:
        if group is not None:
            _make_way(home.parent)
        home.mkdir(mode=0o700, parents=True)
        if group is not None:
            # So far that the group comes to the server's socket, which lets it in or not.
            os.chown(home, -1, group)
            home.chmod(0o710)
    except OSError as error:
        raise cannot_write(home, error) from error
    return Step("Directory", "made", str(home))


def _make_way(folder: Path) -> None:
    """Make a directory that everybody may pass, and those above it, whatever the umask is."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir()
        each.chmod(0o755)


def _key(controller: Controller) -> Step:
    home = controller.home
    path = str(signing.key_path(home))
    there = signing.load(home)
    key = there or signing.make(home)
    data = {"key": key.fingerprint, "public": key.public.hex()}
    # It may be there and not on record, where this was cut off in between.
    if all(each.data != data for each in controller.store.centre_events("key")):
        controller.store.record(KEY_MADE, data, controller.actor)
    return Step("Key", "there" if there else "made", path)


def _units(
    home: Path, machine: Machine, command: Sequence[str], environ: Mapping[str, str]
) -> Iterator[Step]:
    settings = machine.etc / "labctl" / services.ENVIRONMENT
    yield _file("Settings", settings, services.environment(environ), 0o600)
    new = not machine.backups.is_dir()
    try:
        machine.backups.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(machine.backups, error) from error
    yield Step("Backups", "made" if new else "there", str(machine.backups))
    for name, text in services.units(home, machine.etc, machine.backups, command).items():
        yield _file("Unit", machine.etc / "systemd" / "system" / name, text, 0o644)


def _file(what: str, path: Path, text: str, mode: int) -> Step:
    """Make a file whole, if there is none."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        if path.exists():
            same = path.read_text(encoding="utf-8", errors="replace") == text
            return Step(what, "there" if same else "differs", str(path))
        _make_way(path.parent)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        part.chmod(mode)
        part.rename(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with suppress(OSError):
            part.unlink()
    return Step(what, "made", str(path))


def _command() -> tuple[str, ...]:
    """How the program that runs now is started by others."""
    own = Path(sys.executable).with_name("labctl")
    return (str(own),) if shutil.which(own) else (sys.executable, "-m", "labctl")
