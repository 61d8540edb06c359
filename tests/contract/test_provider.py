"""One list of behaviours that every provider of lab hosts has, and all else relies on.

Each behaviour is a test that is run against each provider: the one over a real Docker, and the
tests' own. To add a provider, add a line to `MAKERS`, and to `REAL` if its hosts run programs.
"""

from __future__ import annotations

import inspect
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from checkers.codec import RESULT_TYPES
from checkers.engine import Wanted
from checkers.model import File, FileResult
from checkers.remote import RemoteObserver, Whereabouts
from labctl.errors import ProviderError
from labctl.images.build import build
from labctl.plan import Plan
from labctl.providers import PROVIDERS, base
from labctl.providers.base import Placement, Provider
from labctl.providers.docker.provider import DockerProvider
from labctl.providers.libvirt.provider import LibvirtProvider
from labctl.scheme import lab_hosts
from tests.fakes.provider import FakeProvider
from tests.rig import IMAGES, machine, plan, wait_for

LAB = plan(["lan"], machine("pc1", "lan"), machine("pc2", "lan", access="none"))
LABS = {
    "libvirt": plan(
        ["lan"],
        machine("pc1", "lan", image="machine"),
        machine("pc2", "lan", access="none"),
        provider="libvirt",
    )
}
HOSTS = {"pc1", "pc2"}
Maker = Callable[[str, Path], Provider]


def docker(installation: str, home: Path) -> Provider:
    build(IMAGES)
    return DockerProvider(installation, home)


def libvirt(installation: str, home: Path) -> Provider:
    build((*IMAGES, "machine"))
    return LibvirtProvider(installation, home)


MAKERS: dict[str, Maker] = {"docker": docker, "libvirt": libvirt, "fake": FakeProvider}
REAL = [
    pytest.param("docker", marks=pytest.mark.integration),
    pytest.param("libvirt", marks=[pytest.mark.integration, pytest.mark.machines]),
]


def lab_of(provider: Provider) -> Plan:
    """A lab of two hosts on one network; the first is what the provider is there for."""
    return LABS.get(provider.name, LAB)


@pytest.fixture(scope="module", params=[*REAL, "fake"])
def provider(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Provider]:
    made = MAKERS[request.param](secrets.token_hex(8), tmp_path_factory.mktemp("home"))
    yield made
    for session in {owned.session for owned in made.owned()} - {None}:
        made.down(str(session))
    made.tidy()
    left = made.owned()
    made.close()
    assert left == ()


@pytest.fixture(scope="module")
def placement(provider: Provider) -> Placement:
    """Hosts that the tests share; each leaves them running."""
    return provider.up(secrets.token_hex(3), lab_of(provider), lambda _: None)


def states(provider: Provider, placement: Placement) -> dict[str, str]:
    return {name: state.state for name, state in provider.states(placement).items()}


def write(provider: Provider, placement: Placement, host: str, path: str, words: str) -> None:
    """As a candidate: a shell's own line on its standard input."""
    script = f"echo {words} > {path}\n".encode()
    assert provider.run(placement, host, ["/bin/sh"], stdin=script).exit == 0


def read(provider: Provider, placement: Placement, host: str, path: str) -> FileResult:
    """As the examiner."""
    where = Whereabouts(placement.pins, placement.fabric)
    guests = provider.guest_dials(placement)
    observer = RemoteObserver(lab_hosts(LAB), where, provider.dial, not_asked, guests=guests)
    try:
        (seen,) = observer.observe([Wanted(File(host, path.encode(), 1000), ("test",))])
    finally:
        observer.close()
    assert isinstance(seen.result, FileResult), seen.failure
    return seen.result


def not_asked(_: object) -> Any:
    raise AssertionError("nothing is run inside")


# --------------------------------------------------------------------------- the seam


def test_every_provider_of_the_product_is_in_this_list() -> None:
    assert set(PROVIDERS) <= set(MAKERS)
    assert RESULT_TYPES, "and every probe has a type of answer"


@pytest.mark.parametrize("kind", [DockerProvider, LibvirtProvider, FakeProvider])
def test_a_provider_has_every_method_with_the_same_parameters(kind: type) -> None:
    for name, wanted in inspect.getmembers(base.Provider, inspect.isfunction):
        if name.startswith("_"):
            continue
        found = inspect.signature(getattr(kind, name)).parameters
        assert list(found) == list(inspect.signature(wanted).parameters), name
    assert isinstance(kind.name, str)  # type: ignore[attr-defined]  # what is asserted


# --------------------------------------------------------------------------- environment


def test_up_tells_of_each_host_and_says_where_all_are(provider: Provider) -> None:
    told: list[str] = []
    session = secrets.token_hex(3)
    found = provider.up(session, lab_of(provider), told.append)
    assert set(found.pins) == HOSTS
    assert (found.session, found.provider) == (session, provider.name)
    assert found.images
    for host in HOSTS:
        assert any(host in line for line in told)
    assert states(provider, found) == dict.fromkeys(HOSTS, "running")
    provider.down(session)


def test_up_again_is_up_once_and_from_the_beginning(provider: Provider) -> None:
    session = secrets.token_hex(3)
    first = provider.up(session, lab_of(provider), lambda _: None)
    write(provider, first, "pc1", "/etc/changed", "yes")
    second = provider.up(session, lab_of(provider), lambda _: None)
    hosts = [each for each in provider.owned() if each.session == session and each.kind == "host"]
    assert len(hosts) == len(HOSTS)
    assert read(provider, second, "pc1", "/etc/changed").type is None
    provider.down(session)


def test_what_is_owned_names_its_session(provider: Provider, placement: Placement) -> None:
    own = [each for each in provider.owned() if each.session == placement.session]
    assert sum(each.kind == "host" for each in own) == len(HOSTS)
    assert {each.kind for each in provider.owned()} <= {"host", "fabric", "helper"}
    assert all(each.session is None for each in provider.owned() if each.kind == "helper")


def test_down_takes_a_session_away_and_no_other(provider: Provider, placement: Placement) -> None:
    session = secrets.token_hex(3)
    gone = provider.up(session, lab_of(provider), lambda _: None)
    provider.down(session)
    provider.down(session)
    assert not [each for each in provider.owned() if each.session == session]
    assert states(provider, gone) == dict.fromkeys(HOSTS, "missing")
    assert states(provider, placement) == dict.fromkeys(HOSTS, "running")
    provider.down("no-such-session")


def test_what_is_kept_of_a_session_may_stay_when_it_goes(provider: Provider) -> None:
    session = secrets.token_hex(3)
    found = provider.up(session, lab_of(provider), lambda _: None)
    provider.freeze(found)
    assert session in provider.snapshot(found, "pc1")
    provider.down(session, but_kept=True)
    assert states(provider, found) == dict.fromkeys(HOSTS, "missing")
    (kept,) = (each for each in provider.owned() if each.session == session)
    assert kept.kind == "snapshot"
    provider.down(session, but_kept=True)
    assert kept in provider.owned()
    provider.down(session)
    assert not [each for each in provider.owned() if each.session == session]


def test_helpers_stay_while_they_are_needed(provider: Provider, placement: Placement) -> None:
    provider.tidy()
    assert any(each.kind == "helper" for each in provider.owned())
    assert read(provider, placement, "pc1", "/etc/nothing").type is None


# --------------------------------------------------------------------------- access


def test_what_is_written_inside_is_read_from_beside(
    provider: Provider, placement: Placement
) -> None:
    write(provider, placement, "pc1", "/etc/notes", "one two")
    found = read(provider, placement, "pc1", "/etc/notes")
    assert (found.type, found.content) == ("file", b"one two\n")
    assert read(provider, placement, "pc2", "/etc/notes").type is None


def test_put_writes_a_file(provider: Provider, placement: Placement) -> None:
    content = bytes(range(256))
    provider.put(placement, "pc1", "/etc/put", content, 0o600)
    assert read(provider, placement, "pc1", "/etc/put").content == content
    provider.put(placement, "pc1", "/etc/put", b"", 0o644)
    assert read(provider, placement, "pc1", "/etc/put").content == b""


def test_a_script_that_fails_says_how(provider: Provider, placement: Placement) -> None:
    done = provider.run(placement, "pc1", ["/bin/sh"], stdin=b"exit 7\n")
    assert done.exit == 7


def test_nobody_inside_is_nothing_to_end(provider: Provider, placement: Placement) -> None:
    provider.expel(placement, sorted(HOSTS))
    assert states(provider, placement) == dict.fromkeys(HOSTS, "running")


# --------------------------------------------------------------------------- state


def test_frozen_stays_frozen_until_it_is_thawed(provider: Provider, placement: Placement) -> None:
    write(provider, placement, "pc1", "/etc/before", "yes")
    for _ in range(2):
        provider.freeze(placement)
        assert states(provider, placement) == dict.fromkeys(HOSTS, "frozen")
    if not provider.guest_dials(placement):  # an observer of a host's own stands still with it
        assert read(provider, placement, "pc1", "/etc/before").content == b"yes\n"
    for _ in range(2):
        provider.thaw(placement)
        assert states(provider, placement) == dict.fromkeys(HOSTS, "running")
    assert read(provider, placement, "pc1", "/etc/before").content == b"yes\n"


def test_one_host_can_be_frozen(provider: Provider, placement: Placement) -> None:
    provider.freeze_host(placement, "pc1")
    assert states(provider, placement) == {"pc1": "frozen", "pc2": "running"}
    provider.thaw(placement)


def test_a_restart_keeps_what_is_on_disk(provider: Provider, placement: Placement) -> None:
    session = secrets.token_hex(3)
    before = provider.up(session, lab_of(provider), lambda _: None)
    write(provider, before, "pc1", "/etc/kept", "yes")
    write(provider, before, "pc1", "/run/gone", "yes")
    for frozen in (False, True):
        if frozen:
            provider.freeze(before)
        before = provider.restart(before, lab_of(provider), ["pc1"])
        provider.thaw(before)
        assert states(provider, before) == dict.fromkeys(HOSTS, "running")
        assert read(provider, before, "pc1", "/etc/kept").content == b"yes\n"
    assert not provider.going_down(before, "pc1")
    provider.down(session)


def test_revive_leaves_alone_what_runs(provider: Provider, placement: Placement) -> None:
    again = provider.revive(placement, lab_of(provider), sorted(HOSTS))
    assert again.pins == placement.pins
    assert states(provider, again) == dict.fromkeys(HOSTS, "running")


def test_a_power_cycle_keeps_what_was_written_out(provider: Provider, placement: Placement) -> None:
    session, plan = secrets.token_hex(3), lab_of(provider)
    before = provider.up(session, plan, lambda _: None)
    write(provider, before, "pc1", "/etc/kept", "yes")
    provider.run(before, "pc1", ["/bin/sync"])
    after = provider.power_cycle(before, plan, ["pc1"])
    assert provider.not_booted(after, 180.0) == {}
    assert states(provider, after) == dict.fromkeys(HOSTS, "running")
    assert read(provider, after, "pc1", "/etc/kept").content == b"yes\n"
    provider.down(session)


def test_one_host_can_be_made_anew(provider: Provider, placement: Placement) -> None:
    session, plan = secrets.token_hex(3), lab_of(provider)
    before = provider.up(session, plan, lambda _: None)
    for host in sorted(HOSTS):
        write(provider, before, host, "/etc/work", "mine")
    kept = provider.snapshot(before, "pc1")
    assert kept != provider.snapshot(before, "pc1")
    again = provider.reset(before, plan, "pc1", lambda _: None)
    assert list(again.pins) == list(before.pins)
    assert states(provider, again) == dict.fromkeys(HOSTS, "running")
    assert read(provider, again, "pc1", "/etc/work").type is None
    assert read(provider, again, "pc2", "/etc/work").content == b"mine\n"
    provider.down(session)
    assert not [each for each in provider.owned() if each.session == session]


def test_hosts_that_are_up_have_booted(provider: Provider, placement: Placement) -> None:
    assert provider.not_booted(placement, 10.0) == {}


def test_usage_is_of_each_running_host(provider: Provider, placement: Placement) -> None:
    found = {use.host: use for use in provider.usage(placement)}
    assert set(found) == HOSTS
    for use in found.values():
        assert 0 < use.memory <= use.memory_limit
        assert use.processes > 0


def test_the_disk_is_measured(provider: Provider, placement: Placement) -> None:
    assert 0 < provider.disk_free() <= 1
    assert (provider.disk_room() or 0) > 0
    used = provider.disk_used(placement)
    assert set(used) == HOSTS
    assert all(size >= 0 for size in used.values())


def test_a_diagnosis_has_a_cure_for_each_problem(provider: Provider) -> None:
    found = provider.diagnose()
    assert found
    for finding in found:
        assert finding.level in ("ok", "warning", "problem")
        assert finding.title
        assert finding.cure or finding.level == "ok"


# --------------------------------------------------------------------------- the real ones only


runs_programs = pytest.mark.parametrize("provider", REAL, indirect=True, scope="module")
"""The tests' own provider understands a few lines of a shell, and runs nothing."""


def run(provider: Provider, placement: Placement, argv: Sequence[str], **options: Any) -> Any:
    return provider.run(placement, "pc1", argv, **options)


@runs_programs
def test_a_program_gets_its_words_as_they_are(provider: Provider, placement: Placement) -> None:
    words = ["a b", "", "$HOME", "`id`", "'", '"', "ü", "-n", "\n"]
    done = run(provider, placement, ["/usr/bin/printf", "%s|", *words])
    assert done.stdout.decode() == "".join(f"{word}|" for word in words)


@runs_programs
def test_a_program_runs_as_whom_and_where_it_should(
    provider: Provider, placement: Placement
) -> None:
    script = ["/bin/sh", "-c", "id -un; pwd; cat"]
    done = run(provider, placement, script, user="nobody", cwd="/tmp", stdin=b"in")
    assert done.stdout == b"nobody\n/tmp\nin"


@pytest.mark.parametrize("argv", [["/no/such/program"], ["/etc/passwd"], ["/etc"]])
@runs_programs
def test_a_program_that_cannot_run_is_never_a_success(
    provider: Provider, placement: Placement, argv: list[str]
) -> None:
    assert run(provider, placement, argv).exit in (126, 127)


@runs_programs
def test_a_user_or_folder_that_is_not_there_is_never_a_success(
    provider: Provider, placement: Placement
) -> None:
    for options in ({"user": "nobody-here"}, {"cwd": "/no/such/folder"}):
        try:
            done = run(provider, placement, ["/bin/true"], **options)
        except ProviderError:
            continue
        assert done.exit != 0, options


@runs_programs
def test_output_is_cut_at_the_limit(provider: Provider, placement: Placement) -> None:
    script = "head -c 2000 /dev/zero; head -c 3000 /dev/zero >&2"
    done = run(provider, placement, ["/bin/sh", "-c", script], limit=1000)
    assert (len(done.stdout), len(done.stderr), done.truncated) == (1000, 1000, True)
    whole = run(provider, placement, ["/bin/sh", "-c", "head -c 1000 /dev/zero"], limit=1000)
    assert (len(whole.stdout), whole.truncated) == (1000, False)


@runs_programs
def test_a_program_past_its_time_is_ended(provider: Provider, placement: Placement) -> None:
    with pytest.raises(TimeoutError):
        run(provider, placement, ["/bin/sleep", "100"], timeout=0.4)
    listing = ["/bin/sh", "-c", "pgrep -x sleep; true"]
    wait_for(lambda: run(provider, placement, listing).stdout == b"", "the program to end", 5)


@runs_programs
def test_those_inside_are_ended_with_all_that_they_started(
    provider: Provider, placement: Placement
) -> None:
    script = "sleep 100 & echo $$ > /tmp/inside; sleep 100"
    ended: list[Any] = []

    def enter() -> None:
        ended.append(run(provider, placement, ["/bin/sh", "-c", script], timeout=60))

    thread = threading.Thread(target=enter)
    thread.start()
    wait_for(
        lambda: read(provider, placement, "pc1", "/tmp/inside").content, "somebody to be inside"
    )
    provider.expel(placement, ["pc1"])
    thread.join(20)
    assert ended[0].exit != 0
    assert run(provider, placement, ["/bin/sh", "-c", "pgrep -x sleep; true"]).stdout == b""


@runs_programs
def test_what_runs_by_itself_is_not_ended(provider: Provider, placement: Placement) -> None:
    before = run(provider, placement, ["/bin/sh", "-c", "pgrep -x cron"]).stdout
    provider.expel(placement, ["pc1"])
    assert run(provider, placement, ["/bin/sh", "-c", "pgrep -x cron"]).stdout == before != b""


@runs_programs
def test_a_host_that_shuts_down_is_seen_to(provider: Provider, placement: Placement) -> None:
    session = secrets.token_hex(3)
    found = provider.up(session, lab_of(provider), lambda _: None)
    provider.run(found, "pc1", ["/bin/sh", "-c", "echo yes > /etc/kept; poweroff"])
    wait_for(lambda: states(provider, found)["pc1"] == "stopped", "pc1 to shut down")
    again = provider.revive(found, lab_of(provider), ["pc1"])
    assert states(provider, again) == dict.fromkeys(HOSTS, "running")
    assert again.pins["pc2"] == found.pins["pc2"]
    assert read(provider, again, "pc1", "/etc/kept").content == b"yes\n"
    provider.down(session)


@runs_programs
def test_a_plan_of_many_hosts_on_no_network(provider: Provider) -> None:
    lab: Plan = plan([], *(machine(f"h{n}") for n in range(9)))
    session = secrets.token_hex(3)
    found = provider.up(session, lab, lambda _: None)
    assert set(states(provider, found).values()) == {"running"}
    provider.down(session)
