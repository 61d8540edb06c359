"""Setting up a centre: all that is missing, nothing that is there, and the key."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from labctl.backup.making import back_up
from labctl.backup.restoring import restore
from labctl.centre import founding, services, signing
from labctl.centre.founding import Founded, Machine, init
from labctl.errors import LabctlError, StoreError, UsageError
from labctl.policy.file import examine, in_force
from labctl.policy.rules import Policy
from labctl.policy.sample import sample
from labctl.sessions.controller import Controller
from labctl.store import Store
from labctl.store.home import home_path, machine_home
from tests.fakes.command import Command
from tests.tar_members import Members, members_of, write_members

OTHER = X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
"""A key that signs nothing."""


@dataclass(frozen=True, slots=True)
class FakeMachine(Machine):
    """A server whose groups are a list."""

    groups: list[int] = field(default_factory=list)

    def group(self) -> int | None:
        return self.groups[0] if self.groups else None

    def make_group(self) -> None:
        self.groups.append(os.getgid())


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    return FakeMachine(etc=tmp_path / "etc", backups=tmp_path / "backups", is_root=True)


def set_up(home: Path, machine: Machine, *, systemd: bool = False, **environ: str) -> Founded:
    with Controller(home) as controller:
        return init(controller, systemd=systemd, machine=machine, environ=environ)


def content(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    return {
        str(path.relative_to(folder)): (
            path.read_bytes(),
            path.stat().st_mode,
            path.stat().st_mtime_ns,
        )
        for path in folder.rglob("*")
        if path.is_file() and "locks" not in path.parts and "labctl.db-" not in path.name
    }


# ------------------------------------------------------------------ setting up


def test_a_centre_is_made_and_a_second_run_changes_nothing(
    tmp_path: Path, machine: FakeMachine
) -> None:
    home = tmp_path / "var" / "labctl"
    made = set_up(home, machine, systemd=True)
    assert {each.state for each in made.steps} == {"made"}
    assert home.stat().st_mode & 0o777 == 0o710
    assert (home / "keys" / "signing.pem").stat().st_mode & 0o777 == 0o600
    assert (home / "server").stat().st_mode & 0o777 == 0o700
    assert (machine.etc / "labctl" / "environment").stat().st_mode & 0o777 == 0o600
    assert machine_home(machine.home_file) == home
    before = content(tmp_path)
    again = set_up(home, machine, systemd=True)
    assert {each.state for each in again.steps} == {"there"}
    assert content(tmp_path) == before
    assert (again.fingerprint, again.installation) == (made.fingerprint, made.installation)
    with Controller(home) as controller:
        (event,) = controller.store.centre_events()
        assert event.data["key"] == made.fingerprint
        assert controller.store.audit_all() == ()


def test_everybody_may_pass_whatever_the_umask_is(tmp_path: Path, machine: FakeMachine) -> None:
    before = os.umask(0o077)
    try:
        set_up(tmp_path / "var" / "lib" / "centre", machine, systemd=True)
    finally:
        os.umask(before)
    open_to_all = [tmp_path / "var", tmp_path / "var" / "lib", machine.etc / "labctl"]
    open_to_all.append(machine.etc / "systemd" / "system")
    assert {each.stat().st_mode & 0o777 for each in open_to_all} == {0o755}
    assert machine.home_file.stat().st_mode & 0o777 == 0o644


def test_what_is_there_is_left_as_it_is(tmp_path: Path, machine: FakeMachine) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "policy.yaml").write_text("format: 1\n")
    (home / "server").write_text("own\n")
    done = {each.what: each.state for each in set_up(home, machine).steps}
    assert (done["Directory"], done["Policy"], done["Script"]) == ("there", "there", "differs")
    assert (home / "policy.yaml").read_text() == "format: 1\n"
    assert (home / "server").read_text() == "own\n"


def test_a_run_that_was_cut_off_is_gone_on_with(tmp_path: Path, machine: FakeMachine) -> None:
    home = tmp_path / "home"
    home.mkdir()
    signing.make(home)
    done = set_up(home, machine, systemd=True)
    assert {each.state for each in done.steps if each.what not in ("Directory", "Key")} == {"made"}
    set_up(home, machine, systemd=True)
    with Store.open(home) as store:
        assert [each.data["key"] for each in store.centre_events("key")] == [done.fingerprint]


def test_a_machine_has_one_centre(tmp_path: Path, machine: FakeMachine) -> None:
    set_up(tmp_path / "one", machine)
    with pytest.raises(UsageError, match=r"The centre of this machine is in `.*one`"):
        set_up(tmp_path / "two", machine)
    assert not (tmp_path / "two").exists()


def test_without_root_it_is_one_s_own(tmp_path: Path) -> None:
    own = FakeMachine(etc=tmp_path / "etc", is_root=False)
    done = set_up(tmp_path / "home", own)
    assert not done.shared
    assert [each.what for each in done.steps] == ["Directory", "Record", "Key", "Policy", "Script"]
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700
    assert not own.etc.exists()
    with pytest.raises(UsageError, match="take root"):
        set_up(tmp_path / "home", own, systemd=True)


def test_all_accounts_find_the_machine_s_store(tmp_path: Path) -> None:
    file = tmp_path / "home"
    file.write_text("/srv/labctl\n")
    assert home_path({}, file) == Path("/srv/labctl")
    assert home_path({"LABCTL_HOME": "/else"}, file) == Path("/else")
    for wrong in (b"relative\n", b"", b"\xff"):
        file.write_bytes(wrong)
        assert machine_home(file) is None


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, machine: FakeMachine) -> None:
    (tmp_path / "etc").touch()
    with pytest.raises(LabctlError, match=r"etc/labctl/home` could not be written"):
        set_up(tmp_path / "home", machine)
    (tmp_path / "flat").touch()
    with pytest.raises(StoreError, match="flat"):
        set_up(tmp_path / "flat" / "home", machine)


# ------------------------------------------------------------------ what starts the server


def test_units_are_what_systemd_reads(tmp_path: Path, machine: FakeMachine) -> None:
    home = tmp_path / "a 100% $home"
    set_up(home, machine, systemd=True, LABCTL_DATABASE_URL="postgresql://u:secret@h/n")
    folder = machine.etc / "systemd" / "system"
    assert sorted(each.name for each in folder.iterdir()) == [
        "labctl-backup.service",
        "labctl-backup.timer",
        "labctl.service",
    ]
    for path in folder.iterdir():
        parsed = configparser.ConfigParser(interpolation=None, strict=True)
        parsed.optionxform = str  # type: ignore[assignment,method-assign]
        parsed.read(path)
        if path.name == "labctl.service":
            assert parsed["Unit"]["StartLimitIntervalSec"] == "0"
        assert parsed["Unit"]["Description"].startswith("labctl")
        assert "secret" not in path.read_text()
        if "Service" in parsed:
            written = str(home).replace("%", "%%")
            assert parsed["Service"]["Environment"] == f'"LABCTL_HOME={written}"'
            assert Path(parsed["Service"]["ExecStart"].split()[0]).is_file()
    settings = machine.etc / "labctl" / "environment"
    assert 'LABCTL_DATABASE_URL="postgresql://u:secret@h/n"' in settings.read_text()
    assert f"EnvironmentFile=-{settings}" in (folder / "labctl.service").read_text()


STAND_IN = """#!/bin/sh
echo "$1 in $LABCTL_HOME with $LABCTL_LIBRARY"
trap 'echo ended; exit 0' TERM
while :; do sleep 0.1; done
"""


def test_the_script_starts_and_stops_the_server(tmp_path: Path) -> None:
    home, program = tmp_path / "it's home", tmp_path / "the program"
    home.mkdir()
    program.write_text(STAND_IN)
    program.chmod(0o755)
    script = home / "server"
    script.write_text(services.script(home, [str(program)], {"LABCTL_LIBRARY": "/a b"}))
    script.chmod(0o755)

    def run(word: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(script), word], capture_output=True, text=True, check=False, timeout=60
        )

    assert (run("status").returncode, run("nonsense").returncode) == (3, 2)
    assert "does not run" in run("stop").stdout
    try:
        assert "started: process" in run("start").stdout
        assert "runs already" in run("start").stdout
        assert run("status").returncode == 0
        log = home / "server.log"
        until = time.monotonic() + 10
        while "serve in" not in log.read_text() and time.monotonic() < until:
            time.sleep(0.05)
        assert f"serve in {home} with /a b" in log.read_text()
    finally:
        assert "stopped" in run("stop").stdout
    assert run("status").returncode == 3
    (home / "server.pid").write_text(f"{os.getpid()} 1\n")  # the number is another process's now
    assert run("status").returncode == 3

    program.write_text("#!/bin/sh\necho broken >&2\nexit 1\n")
    failed = run("start")
    assert failed.returncode == 1
    assert "it did not start" in failed.stderr
    assert "broken" in failed.stderr


def test_the_command_that_runs_is_the_one_that_is_started() -> None:
    command = founding._command()
    told = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    assert "labctl" in told.stdout
    assert command[0].startswith(str(Path(sys.executable).parent))


# ------------------------------------------------------------------ the policy


def test_the_policy_to_begin_with_says_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(sample())
    found, findings = examine(path)
    assert findings == ()
    assert found is not None
    assert found.policy == Policy() == in_force(tmp_path, {}).policy
    assert "# How many attempts; void ones are none." in sample()


# ------------------------------------------------------------------ the key


def test_a_key_signs_and_has_a_fingerprint(tmp_path: Path) -> None:
    assert signing.load(tmp_path) is None
    key = signing.make(tmp_path)
    again = signing.load(tmp_path)
    assert again is not None
    assert again.public == key.public
    signature = again.sign(b"text")
    assert signing.signed(key.public, signature, b"text")
    assert not signing.signed(key.public, signature, b"texT")
    assert not signing.signed(b"short", signature, b"text")
    groups = key.fingerprint.split()
    assert [len(each) for each in groups] == [4] * 8
    assert not set("".join(groups)) & set("0189")
    assert signing.same(key.fingerprint, "-".join(groups).lower())
    assert not signing.same(key.fingerprint, "-".join(groups[1:]))
    with pytest.raises(StoreError, match="File exists"):
        signing.make(tmp_path)
    assert len(list((tmp_path / "keys").iterdir())) == 1


@pytest.mark.parametrize(
    "change, told",
    [
        (lambda path: path.chmod(0o640), "can be read by others"),
        (lambda path: path.write_bytes(b"-----BEGIN"), "is damaged"),
        (lambda path: path.write_bytes(OTHER), "is of another kind"),
        (lambda path: (path.unlink(), path.mkdir(mode=0o700)), "cannot be read"),
    ],
)
def test_a_key_of_no_use_is_named(
    tmp_path: Path, change: Callable[[Path], object], told: str
) -> None:
    signing.make(tmp_path)
    change(signing.key_path(tmp_path))
    with pytest.raises(StoreError, match=told) as caught:
        signing.load(tmp_path)
    assert caught.value.hint


def test_backups_are_signed_and_bring_the_key_along(tmp_path: Path, machine: FakeMachine) -> None:
    home, file = tmp_path / "home", tmp_path / "b.tar.gz"
    fingerprint = set_up(home, machine).fingerprint
    with Controller(home) as controller:
        about = back_up(controller, file).about
    assert about.fingerprint == fingerprint
    with Controller(tmp_path / "new") as controller:
        with pytest.raises(StoreError, match=f"is signed by the key {fingerprint}, not by ABCD"):
            restore(controller, file, fingerprint="ABCD")
        restore(controller, file, fingerprint=fingerprint.replace(" ", ""))
    key = signing.load(tmp_path / "new")
    assert key is not None
    assert key.fingerprint == fingerprint


def test_a_backup_that_somebody_else_made_up_is_found(tmp_path: Path, machine: FakeMachine) -> None:
    home, file = tmp_path / "home", tmp_path / "b.tar.gz"
    fingerprint = set_up(home, machine).fingerprint
    with Controller(home) as controller:
        back_up(controller, file)
    whole = members_of(file)

    def refused(changed: Members) -> str:
        write_members(file, changed)
        told = pytest.raises(StoreError)
        with Controller(tmp_path / "new") as controller, told as caught:
            restore(controller, file, fingerprint=fingerprint)
        assert not (tmp_path / "new").exists()
        return caught.value.message

    name, signature = whole[-1]
    assert name == "manifest.sig"
    assert "`manifest.sig` was changed" in refused([*whole[:-1], (name, signature[::-1])])
    assert "`manifest.sig` was changed" in refused(whole[:-1])
    forger = signing.make(tmp_path)
    manifest = dict(whole)["manifest.json"]
    assert "`manifest.sig` was" in refused([*whole[:-1], (name, forger.sign(manifest))])
    assert "`manifest.sig` was" in refused([*whole, (name, signature)])


# ------------------------------------------------------------------ the command


def test_the_command(
    labctl: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: FakeMachine
) -> None:
    monkeypatch.setattr(founding, "Machine", lambda: machine)
    home = tmp_path / "centre"
    said = labctl("centre", "init", "--home", str(home), "--systemd")
    assert "✓ made" in said.out
    assert "Fingerprint of the key: " in said.out
    assert "systemctl daemon-reload" in said.err
    assert "adduser ACCOUNT labctl" in said.err
    again = labctl("centre", "init", "--home", str(home), "--json").json
    assert {each["state"] for each in again["steps"]} == {"there"}
    (home / "server").write_text("own\n")
    told = labctl("centre", "init", "--home", str(home))
    assert "differs" in told.err
    assert "server start` starts the server" in " ".join(told.err.split())
    assert "The centre of this machine" in " ".join(labctl("centre", "init", code=2).err.split())
    monkeypatch.setenv("LABCTL_HOME", str(home))
    assert "the centre's key was made" in labctl("centre", "log").out
    assert "Signed by the key" not in labctl("backup", str(tmp_path / "b")).err
    assert "Signed by the key" in labctl("restore", str(tmp_path / "b"), "--into", "new").err
