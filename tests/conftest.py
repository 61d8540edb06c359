"""What every test may rely on: a kind and a lane, Docker or a stated reason, nothing left."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from hypothesis import HealthCheck, settings

from labctl.errors import ProviderError
from labctl.providers.libvirt.hypervisor import Hypervisor as LibvirtHypervisor

TESTS = Path(__file__).parent
KINDS = ("unit", "contract", "golden", "tui", "integration", "e2e")
NEED_DOCKER = ("integration", "e2e")
REFUSAL = pytest.StashKey[str]()
BEFORE = pytest.StashKey[dict[str, str]]()

# How long an example takes says how busy the machine is, and nothing of what is tested.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--require-docker",
        action="store_true",
        help="fail the tests that need Docker, instead of skipping them, when it does not answer, "
        "and the run, when it leaves a container of a session",
    )
    parser.addoption(
        "--nightly", action="store_true", help="run the tests that take minutes each, too"
    )


@pytest.hookimpl(tryfirst=True)  # before `-m` selects by what is added here
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not item.path.is_relative_to(TESTS):
            continue
        folder = item.path.relative_to(TESTS).parts[0]
        item.add_marker(folder if folder in KINDS else "unit")
        item.add_marker(pytest.mark.xdist_group(lane(item)))
    items.sort(key=lambda item: not needs_docker(item))


def lane(item: pytest.Item) -> str:
    """Whose turn a test waits for where several processes run them (`--dist loadgroup`).

    Hosts are shared by the tests of a file and dear to make, and what boots one takes a processor:
    so those that need Docker go one after the other, those that boot machines likewise, beside
    them. They come first, and all other files fill up what time is left.
    """
    if item.get_closest_marker("machines"):
        return "machines"
    return "docker" if needs_docker(item) else item.path.relative_to(TESTS).as_posix()


def needs_docker(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(kind) for kind in NEED_DOCKER)


def pytest_configure() -> None:
    """Ctrl-C means what it does at a terminal: a shell lets what it starts with `&` ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def docker_refusal(config: pytest.Config) -> str:
    """Why Docker cannot be used, asked once a run; empty when it answers."""
    if REFUSAL not in config.stash:
        asked = subprocess.run(
            [sys.executable, TESTS.parent / ".ci" / "docker-state"],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        state = asked.stdout.strip()
        config.stash[REFUSAL] = (
            "" if state == "answers" else f"Docker does not answer ({state}); run `make setup`"
        )
    return config.stash[REFUSAL]


def libvirt_refusal() -> str:
    """Why virtual machines cannot be run; empty when libvirt answers."""
    try:
        LibvirtHypervisor().connection.getLibVersion()
    except ProviderError as error:
        return f"no virtual machines: {error.message}"
    return ""


def pytest_runtest_setup(item: pytest.Item) -> None:
    if not needs_docker(item):
        return
    if item.get_closest_marker("nightly") and not item.config.getoption("--nightly"):
        pytest.skip("takes minutes: `make verify-all` runs it")
    if item.get_closest_marker("machines") and (why := libvirt_refusal()):
        pytest.skip(why)
    refusal = docker_refusal(item.config)
    if refusal and item.config.getoption("--require-docker"):
        pytest.fail(refusal, pytrace=False)
    if refusal:
        pytest.skip(refusal)


def session_containers() -> dict[str, str]:
    """Id to name and session of every container, running or not, that belongs to a session."""
    with contextlib.closing(docker.from_env(timeout=30)) as client:
        found = client.api.containers(all=True, filters={"label": "labctl.session"})
    return {
        entry["Id"]: f"{entry['Names'][0]} of session {entry['Labels']['labctl.session']}"
        for entry in found
    }


@pytest.fixture(scope="session", autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes the record of the person who runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABCTL_HOME", str(tmp_path_factory.mktemp("home")))
        patch.delenv("LABCTL_DATABASE_URL", raising=False)
        patch.delenv("LABCTL_LIBRARY", raising=False)
        yield


def looks_after(config: pytest.Config) -> bool:
    """Whether this process has to see that nothing is left in Docker.

    With LABCTL_SHARED_DOCKER in the environment nobody has: somebody else uses the same daemon
    meanwhile, and what they make would be taken for ours. Of several processes the first has.
    """
    wanted = config.getoption("--require-docker") and "LABCTL_SHARED_DOCKER" not in os.environ
    return bool(wanted) and not hasattr(config, "workerinput") and not docker_refusal(config)


def pytest_sessionstart(session: pytest.Session) -> None:
    if looks_after(session.config):
        session.config.stash[BEFORE] = session_containers()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that leaves a session's container; what was there before is not its fault."""
    before = session.config.stash.get(BEFORE, None)
    if before is None:
        return
    left = [name for key, name in session_containers().items() if key not in before]
    if left:
        said = f"Made since these tests began, and still there: {', '.join(sorted(left))}"
        session.config.get_terminal_writer().line(f"\n{said}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
