"""Looking at ten hosts: twenty checks of a file's existence, mode and owner on each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from benchmarks import peers, plain_ssh, stage
from benchmarks.facts import FILES
from benchmarks.measuring import Row, by_turns, clocked, repeated, run
from checkers.engine import PlannedCheck, run_phase
from checkers.linux.file import File
from checkers.model import Inside, LabHost, Phase, ProgramResult, Status, Subject
from checkers.remote import RemoteObserver, Whereabouts
from labctl.providers.base import Placement

HOSTS = 10
SESSION = "bench-grade"
PYTEST = Path(".venv-bench/bin/pytest")
SUITE = Path(__file__).parent / "testinfra_suite"
WORK = f"grade {HOSTS} hosts with {len(FILES)} file checks each"


def rows(home: Path, turns: int) -> Iterator[Row]:
    """Against pytest-testinfra, and against one SSH exec a host."""
    placement = stage.up(home, SESSION, HOSTS, HOSTS // 2)
    try:
        with peers.ssh_hosts(HOSTS, home) as hosts:
            yield from _rows(home, placement, hosts, turns)
    finally:
        stage.down(home, SESSION)


def _rows(home: Path, placement: Placement, hosts: peers.SshHosts, turns: int) -> Iterator[Row]:
    def ours() -> float:
        return clocked(lambda: grade(home, placement))

    def exec_each() -> float:
        return clocked(lambda: plain_ssh.look(hosts, plain_ssh.commands))

    def one_stat() -> float:
        return clocked(lambda: plain_ssh.look(hosts, plain_ssh.one_command))

    ours_s, exec_s, stat_s = by_turns(4 * turns, ours, exec_each, one_stat)
    yield Row(WORK, ours_s, "one SSH exec per host, the same commands", exec_s, 0.5)
    yield Row(WORK, ours_s, "one SSH exec per host, one `stat` of all files", stat_s)
    # The suite takes half a minute, so that one turn of it meets several of ours.
    ours_s, suite_s = by_turns(turns, repeated(5, ours), lambda: testinfra(home, hosts))
    yield Row(WORK, ours_s, "pytest-testinfra, paramiko backend", suite_s, 1 / 80)


def grade(home: Path, placement: Placement) -> None:
    """Grade by the product's own engine, from no connection at all to the verdicts."""
    provider = stage.provider(home)
    machines = [LabHost(name, "root") for name in placement.pins]
    observer = RemoteObserver(
        machines, Whereabouts(placement.pins, placement.fabric), provider.dial, _not_inside
    )
    try:
        checks = [check for machine in machines for check in _checks(machine)]
        results = run_phase(checks, observer, {})
    finally:
        observer.close()
        provider.close()
    wrong = [result for result in results.values() if result.verdict.status is not Status.PASSED]
    if wrong or len(results) != HOSTS * len(FILES):
        raise RuntimeError(f"{len(results)} results, of which these did not pass: {wrong[:3]}")


def _checks(machine: LabHost) -> Iterator[PlannedCheck]:
    subject = Subject(machine.name, None, (machine,))
    for path, mode, owner in FILES:
        check = File.model_validate({"path": path, "mode": f"{mode:04o}", "owner": owner})
        yield PlannedCheck(f"{machine.name}:{path}", check, subject, Phase.STATE)


def _not_inside(probe: Inside) -> ProgramResult:
    raise RuntimeError(f"no check here runs anything inside a host, yet one wants {probe.argv}")


def testinfra(folder: Path, hosts: peers.SshHosts) -> float:
    """Seconds that pytest takes for the tests themselves."""
    seconds = folder / "testinfra-seconds"
    seconds.unlink(missing_ok=True)
    run(
        [
            *(
                PYTEST,
                "--quiet",
                "--no-header",
                "-p",
                "no:cacheprovider",
                "--import-mode=importlib",
            ),
            f"--config-file={SUITE / 'pytest.ini'}",
            f"--hosts={','.join(f'paramiko://root@{address}' for address in hosts.addresses)}",
            f"--ssh-config={hosts.config}",
            SUITE,
        ],
        env={**os.environ, "SECONDS_FILE": str(seconds), "PYTHONPATH": str(SUITE.parents[1])},
    )
    return float(seconds.read_text(encoding="ascii"))
