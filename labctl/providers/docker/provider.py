"""The Docker provider: every seam of `labctl.providers.base`, put together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from checkers.hardware_state import HardwareResult
from checkers.model import ProgramResult
from checkers.ssh import Dial
from labctl.errors import ProviderError, UsageError
from labctl.images.model import ResolvedImage
from labctl.plan import HostPlan, Plan
from labctl.providers.base import Finding, HostState, Owned, Placement, Report, Usage
from labctl.providers.docker import cabling, console, guard, inside, labels
from labctl.providers.docker.conditions import condition, is_pinned
from labctl.providers.docker.daemon import Daemon, Gone, talking
from labctl.providers.docker.diagnosis import diagnose
from labctl.providers.docker.helpers import OBSERVER, WIRER, Helpers
from labctl.providers.docker.hosts import Container, Containers, at_once
from labctl.providers.docker.snapshots import Snapshots, named
from labctl.providers.docker.streams import ExecStream
from labctl.providers.docker.wiring import Wiring
from labctl.providers.writing import write


class DockerProvider:
    """Lab hosts as containers of the local Docker Engine, for one installation of labctl.

    `home` holds the lock of the helpers (see `Helpers`).
    """

    name = "docker"

    def __init__(self, installation: str, home: Path) -> None:
        self._daemon = Daemon()
        self._containers = Containers(self._daemon, installation)
        self._snapshots = Snapshots(self._daemon, installation)
        self._helpers = Helpers(self._containers, home / "helpers.lock")
        self._wiring = Wiring(self._daemon, self._containers)

    # ------------------------------------------------------------------ environment

    def up(self, session: str, plan: Plan, report: Report) -> Placement:
        """Bring every host up, wired and booted; what an earlier try left half made is redone.

        On a busy server a container now and then ends as soon as it was started: once more, then.
        """
        try:
            return self._up(session, plan, report)
        except cabling.WiringBroke:
            return self._up(session, plan, report)

    def _up(self, session: str, plan: Plan, report: Report) -> Placement:
        self._containers.remove(self._containers.of_session(session))
        with self._helpers.kept():
            wirer, _ = self._helpers.both()
            cabling.demand(self._daemon, wirer, plan)
            fabric = self._containers.ensure_fabric(session)
        report("the fabric is there")
        hosts = [host for host in plan.hosts if self.image(host).kind == "container"]
        containers = self._containers.ensure_hosts(session, hosts)
        report(f"{len(containers)} hosts are started")
        placement = Placement(session, self.name, {}, images=self._image_tags(plan))
        started = list(zip(hosts, containers, strict=True))
        return self._wiring.wire(placement, plan, fabric, started, report=report, first=True)

    def image(self, host: HostPlan) -> ResolvedImage:
        """The built image of a host; raises `ProviderError` if it is not there."""
        return self._containers.image(host.image)

    def _image_tags(self, plan: Plan) -> dict[str, str]:
        names = {host.image for host in plan.hosts} | {OBSERVER, WIRER, labels.FABRIC_ROLE}
        return {name: self._containers.image(name).tag for name in sorted(names)}

    def plug(self, session: str, plan: Plan, machines: Mapping[str, Mapping[str, str]]) -> None:
        """Bring the taps of virtual machines onto their networks (see `Wiring.plug`)."""
        self._wiring.plug(session, plan, machines)

    def revive(self, placement: Placement, plan: Plan, hosts: Sequence[str]) -> Placement:
        """Start and rewire hosts that have stopped. If the fabric's owner had, everything is.

        A host that runs as it was recorded is left alone. One whose container is gone is not made
        again: a blank machine in its place would be marked as if it were the candidate's work.
        """
        try:
            return self._revive(placement, plan, hosts)
        except cabling.WiringBroke:  # once more, with a wirer that is made again
            return self._revive(placement, plan, hosts)

    def _revive(self, placement: Placement, plan: Plan, hosts: Sequence[str]) -> Placement:
        with self._helpers.kept():
            self._helpers.both()
        fabric = self._containers.ensure_fabric(placement.session)
        whole = is_pinned(fabric, placement.fabric.get("pins"))
        wanted = set(hosts) if whole else {host.name for host in plan.hosts}
        there = self._halt(placement, wanted, whole=whole)
        plans = [host for host in plan.hosts if host.name in there]
        containers = self._containers.start_again(placement.session, plans)
        started = [(host, each) for host, each in zip(plans, containers, strict=True) if each]
        kept = {name: pins for name, pins in placement.pins.items() if name not in there}
        wired = self._wiring.wire(replace(placement, pins=kept), plan, fabric, started, first=False)
        return replace(wired, pins={**placement.pins, **wired.pins})

    def _halt(self, placement: Placement, wanted: Collection[str], *, whole: bool) -> set[str]:
        """Have the wanted hosts stand still, so that they can be started; which these are.

        Those that run as recorded go on if the fabric is `whole`, else they are shut down. What
        runs and is not recorded waits at its gate, or was started by a command that was killed.
        """
        found = [
            container
            for container in self._containers.of_session(placement.session)
            if container.host in wanted
        ]
        recorded = [each for each in found if is_pinned(each, placement.pins.get(each.host))]
        if not whole:
            self._containers.stop(recorded)
        self._containers.kill([each for each in found if each.pid and each not in recorded])
        return {each.host for each in found if not (whole and each in recorded)}

    def down(self, session: str, *, but_kept: bool = False) -> None:
        """Remove a session's containers, and the helpers once no session is left."""
        found = self._containers.of_session(session)
        self._containers.remove(found)
        if not but_kept:
            self._snapshots.remove(session)
        self.tidy()

    def tidy(self) -> None:
        """Remove the helpers if no session is left that needs them."""
        self._helpers.tidy()

    def owned(self) -> tuple[Owned, ...]:
        """Every container of this installation, and every snapshot."""
        kinds = {labels.HOST_ROLE: "host", labels.FABRIC_ROLE: "fabric"}
        kept = [
            Owned("snapshot", named(row), row["Labels"][labels.SESSION], "kept")
            for row in self._snapshots.rows()
        ]
        found = [
            Owned(
                kind=kinds.get(row["Labels"].get(labels.ROLE, ""), "helper"),
                name=row["Names"][0].removeprefix("/") if row.get("Names") else row["Id"][:12],
                session=row["Labels"].get(labels.SESSION) or None,
                state=str(row.get("State", "")),
            )
            for row in self._containers.listing()
        ]
        return (*found, *kept)

    # ------------------------------------------------------------------ access

    def dial(self, argv: Sequence[str], preamble: bytes) -> ExecStream:
        """A stream to a program in the observer, which is made again if it has gone."""
        with self._helpers.kept():
            observer = self._containers.ensure_helper(OBSERVER)
        stream = ExecStream(self._daemon.api, observer.id, argv)
        stream.sendall(preamble)
        return stream

    def guest_dials(self, placement: Placement) -> Mapping[str, Dial]:  # noqa: ARG002  # the seam's
        """No container has an observer of its own."""
        return {}

    def run(
        self,
        placement: Placement,
        host: str,
        argv: Sequence[str],
        *,
        user: str = "root",
        stdin: bytes = b"",
        cwd: str = "/",
        timeout: float = 60.0,
        limit: int = 1 << 20,
    ) -> ProgramResult:
        """Run a program inside a host (see `labctl.providers.base.Access`)."""
        return inside.run(
            self._daemon.api,
            self._id(placement, host),
            argv,
            user=user,
            stdin=stdin,
            cwd=cwd,
            timeout=timeout,
            limit=limit,
            kill=lambda pid: self._end(placement, host, [pid]),
        )

    def console(self, placement: Placement, host: str, user: str) -> int | None:
        """Join the terminal to a login shell of `user`."""
        return console.join(self._daemon.api, self._id(placement, host), user)

    def put(self, placement: Placement, host: str, path: str, content: bytes, mode: int) -> None:
        """Write a file on a host, by its own programs, as its administrator."""
        write(partial(self.run, placement, host), host, path, content, mode)

    def expel(self, placement: Placement, hosts: Sequence[str]) -> None:
        """End every console and program that came in by the engine's exec."""

        def one(host: str) -> None:
            api = self._daemon.api
            try:
                with talking(f"to see who is in {host}"):
                    ids = api.inspect_container(self._id(placement, host)).get("ExecIDs") or []
                    found = [api.exec_inspect(name) for name in ids]
            except Gone:  # the host, or a program that ended meanwhile
                return
            pids = [int(each["Pid"]) for each in found if each["Running"]]
            if pids:
                self._end(placement, host, pids)

        at_once(one, hosts)

    def _end(self, placement: Placement, host: str, pids: list[int]) -> None:
        with self._helpers.kept():
            wirer = self._containers.ensure_helper(WIRER)
        pid_namespace = placement.pins[host]["pid_namespace"]
        request = {"act": "end", "pid_namespace": pid_namespace, "roots": pids}
        list(cabling.instruct(self._daemon, wirer, request, 30.0))

    def _id(self, placement: Placement, host: str) -> str:
        return str(placement.pins[host]["id"])

    # ------------------------------------------------------------------ state

    def states(self, placement: Placement) -> Mapping[str, HostState]:
        """Every host of the session, as the engine has it now."""
        found = {
            container.host: container
            for container in self._containers.of_session(placement.session)
        }
        fabric = is_pinned(found.get(""), placement.fabric.get("pins"))
        return {
            host: condition(host, found.get(host), pins, fabric=fabric)
            for host, pins in placement.pins.items()
        }

    def fabric_is_gone(self, placement: Placement) -> bool:
        """Whether the networks went away, and with them every cable."""
        fabric = self._containers.find(labels.container_name(placement.session, labels.FABRIC_ROLE))
        return not is_pinned(fabric, placement.fabric.get("pins"))

    def going_down(self, placement: Placement, host: str) -> bool:
        """Whether sysvinit has left the run level in which people work (its title says so)."""
        container = self._containers.find(self._id(placement, host))
        if container is None or not container.pid:
            return False
        with talking(f"to see what {host} runs"):
            found = self._daemon.api.top(container.id, ps_args="-eo pid,args")
        titles = [row[1] for row in found["Processes"] if int(row[0]) == container.pid]
        return any(level in title for title in titles for level in ("[0]", "[1]", "[6]"))

    def not_booted(self, placement: Placement, seconds: float) -> Mapping[str, str]:
        """None: a container can be observed from beside at once, and needs nothing of its own."""
        del placement, seconds
        return {}

    def freeze(self, placement: Placement) -> None:
        """Stop all hosts' clocks."""
        self._containers.pause(self._hosts(placement), frozen=True)

    def thaw(self, placement: Placement) -> None:
        """Let all hosts go on."""
        self._containers.pause(self._hosts(placement), frozen=False)

    def _hosts(self, placement: Placement) -> list[Container]:
        found = self._containers.of_session(placement.session)
        return [container for container in found if container.host in placement.pins]

    def restart(self, placement: Placement, plan: Plan, hosts: Sequence[str]) -> Placement:
        """Shut hosts down, start and rewire them."""
        found = [container for container in self._hosts(placement) if container.host in hosts]
        self._containers.stop(found)
        return self.revive(placement, plan, hosts)

    def power_cycle(self, placement: Placement, plan: Plan, hosts: Sequence[str]) -> Placement:
        """End hosts at once, start and rewire them."""
        self._containers.kill([each for each in self._hosts(placement) if each.host in hosts])
        return self.revive(placement, plan, hosts)

    def snapshot(self, placement: Placement, host: str) -> str:
        """Keep what a host has written so far, as an image."""
        container = self._containers.find(self._id(placement, host))
        if container is None:
            raise ProviderError(f"{host} is gone: nothing of it can be kept.")
        return self._snapshots.keep(placement.session, container)

    def reset(self, placement: Placement, plan: Plan, host: str, report: Report) -> Placement:
        """Make one host anew; its addresses and its cables are those of before."""
        try:
            return self._reset(placement, plan, host, report)
        except cabling.WiringBroke:  # once more, with a wirer that is made again
            return self._reset(placement, plan, host, report)

    def _reset(self, placement: Placement, plan: Plan, host: str, report: Report) -> Placement:
        session = placement.session
        if not is_pinned(self._containers.ensure_fabric(session), placement.fabric.get("pins")):
            placement = self.revive(placement, plan, [])
        self._containers.remove(
            [each for each in self._containers.of_session(session) if each.host == host]
        )
        fabric = self._containers.ensure_fabric(session)
        (container,) = self._containers.ensure_hosts(session, [plan.host(host)])
        others = {name: pins for name, pins in placement.pins.items() if name != host}
        started = [(plan.host(host), container)]
        before = replace(placement, pins=others)
        wired = self._wiring.wire(before, plan, fabric, started, report=report, first=True)
        return replace(wired, pins={name: wired.pins[name] for name in placement.pins})

    def usage(self, placement: Placement) -> tuple[Usage, ...]:
        """What each running host uses, by the engine's own accounting."""

        def one(container: Container) -> Usage | None:
            if not container.pid:
                return None
            with talking(f"to measure {container.name}"):
                stats = self._daemon.api.stats(container.id, stream=False, one_shot=True)
            memory = stats.get("memory_stats", {})
            return Usage(
                container.host,
                int(memory.get("usage", 0)),
                int(memory.get("limit", 0)),
                int(stats.get("pids_stats", {}).get("current", 0)),
            )

        return tuple(use for use in at_once(one, self._hosts(placement)) if use)

    def disk_free(self) -> float:
        """The free part (0 to 1) of the disk where Docker keeps its data."""
        return guard.free_space(str(self._containers.info.get("DockerRootDir", "/")))

    def disk_room(self) -> int | None:
        """The bytes that are free on that disk."""
        return guard.free_bytes(str(self._containers.info.get("DockerRootDir", "/")))

    def disk_used(self, placement: Placement) -> Mapping[str, int]:
        """The bytes that each host has written to its own layer."""
        hosts = self._hosts(placement)
        sizes = guard.written(self._daemon, hosts)
        return {container.host: sizes.get(container.id, 0) for container in hosts}

    def freeze_host(self, placement: Placement, host: str) -> None:
        """Stop one host's clock."""
        found = [container for container in self._hosts(placement) if container.host == host]
        self._containers.pause(found, frozen=True)

    # ------------------------------------------------------------------ acts

    def break_down(
        self, placement: Placement, plan: Plan, hosts: Sequence[str], report: Report
    ) -> Placement:
        """Nothing: containers have no hardware that could be broken."""
        del plan, hosts, report
        return placement

    def hands(
        self, placement: Placement, plan: Plan, act: str, key: str, report: Report
    ) -> tuple[Placement, str]:
        """Containers have nothing that hands could be laid on."""
        del placement, plan, key, report
        raise UsageError(f"There is nothing to do `{act}` to: this lab has no hardware.")

    def refit(
        self, placement: Placement, plan: Plan, key: str, report: Report
    ) -> tuple[Placement, str]:
        """Nothing: no act is ever begun."""
        del plan, key, report
        return placement, ""

    def hardware(self, placement: Placement, host: str) -> HardwareResult:
        """Containers have no hardware that could be looked at."""
        del placement
        raise ProviderError(f"{host} is a container, which has no hardware.")

    # ------------------------------------------------------------------ the rest

    def diagnose(self) -> tuple[Finding, ...]:
        """What `labctl doctor` should say about Docker on this server."""
        return diagnose(self._daemon)

    def close(self) -> None:
        """Close the connections to the engine."""
        self._daemon.close()
