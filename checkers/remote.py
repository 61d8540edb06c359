"""Answers probes by looking at real hosts: the agent for most, the engine's exec for *inside*.

A round is one request to the agent, whatever the number of hosts and probes, and beside it the
programs that are run inside hosts on purpose, and the browsers on hosts that nobody can enter.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from checkers import browse_together, browser_host, codec
from checkers.browsing import Browse, BrowseResult
from checkers.engine import Wanted
from checkers.hardware_state import Hardware, HardwareResult
from checkers.model import (
    AnyProbe,
    AnyResult,
    Blame,
    Connect,
    Failure,
    Inside,
    LabHost,
    Observation,
    Processes,
    Program,
    ProgramResult,
    Vantage,
)
from checkers.ssh import AgentConnection, AgentUnreachable, Dial
from checkers.traffic import Discover

AGENT_AT_ONCE = 24
"""Programs that the agent runs at the same time (see checkers/agent/jobs.py)."""
SLACK_SECONDS = 10.0
MACHINE_CONNECT_SECONDS = 60.0
"""How long the connection into a machine may take: emulated, while others beside it boot."""
MACHINE_SLACK_SECONDS = 30.0
INSIDE_AT_ONCE = 4
BROWSERS_AT_ONCE = 2
"""Browsers at the same time; each takes a processor while a page loads, and has a limit of time."""
GUESTS_AT_ONCE = 8
"""Agents that are asked at the same time, where hosts have their own."""
MOST_UNREACHED = 2
"""Rounds in a row that may go without the agent; from then on nothing more is tried."""

SENDING = (Program, Connect, Discover)
"""Kinds of probes that use the host's network."""

Result = tuple[AnyResult | None, Failure | None]
"""What was answered, or why nothing was."""

RunInside = Callable[[Inside], ProgramResult]
"""Runs a program inside a host; raises `TimeoutError` past its time, other errors as they are."""


LookAt = Callable[[str], HardwareResult]
"""What somebody beside a machine sees of it; any error means that it cannot be said."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where the hosts are, as the agent needs to know: pins by host, and the fabric's.

    `broken` are hosts that do not come up although a fresh twin does, with the reason in words.
    """

    hosts: Mapping[str, Mapping[str, Any]]
    fabric: Mapping[str, Any]
    broken: Mapping[str, str] = field(default_factory=dict)


class RemoteObserver:
    """Looks at the hosts of one session: by the server's agent, or by one of a host's own."""

    merges = True

    def __init__(
        self,
        lab_hosts: Sequence[LabHost],
        whereabouts: Whereabouts,
        dial: Dial,
        run_inside: RunInside,
        *,
        look_at: LookAt | None = None,
        guests: Mapping[str, Dial] | None = None,
        frozen: bool = False,
    ) -> None:
        """`dial` leads to the server's agent, `guests` to those of hosts that have their own."""
        self._look_at = look_at
        self._access = {host.name: host.access for host in lab_hosts}
        self._whereabouts = whereabouts
        self._run_inside = run_inside
        self._beside = _Agent(dial, whereabouts.hosts, whereabouts.fabric)
        self._guests = {
            host: _Agent(way, whereabouts.hosts, {}, patient=True)
            for host, way in (guests or {}).items()
        }
        self.frozen = frozen

    def observe(self, wanted: Sequence[Wanted]) -> Sequence[Observation]:
        """Answer every probe; what cannot be answered is a failure with its reason."""
        broken = self._whereabouts.broken
        inside: dict[int, Inside] = {}
        browse: dict[int, Browse] = {}
        beside: dict[int, AnyProbe] = {}
        found: dict[int, Observation] = {}
        for number, want in enumerate(wanted):
            probe = want.probe
            if isinstance(probe, Hardware):
                found[number] = self._beside_the_machine(probe)
            elif probe.host in broken:
                failure = Failure(broken[probe.host], Blame.HOST, conclusive=True)
                found[number] = self._observation(probe, failure=failure)
            elif isinstance(probe, Inside):
                inside[number] = probe
            elif isinstance(probe, Browse):
                browse[number] = probe
            else:
                beside[number] = probe
        with (
            ThreadPoolExecutor(INSIDE_AT_ONCE, thread_name_prefix="inside") as pool,
            ThreadPoolExecutor(BROWSERS_AT_ONCE, thread_name_prefix="browse") as browsers,
        ):
            running = {number: pool.submit(self._inside, probe) for number, probe in inside.items()}
            groups = browse_together.gathered(browse.values())
            visits = [browsers.submit(self._visit, group) for group in groups]
            found |= self._ask_agents(beside)
            found |= {number: future.result() for number, future in running.items()}
            pages = [seen for visit in visits for seen in visit.result()]
        seen_by = {seen.probe: seen for seen in pages}
        found |= {number: seen_by[probe] for number, probe in browse.items()}
        return [found[number] for number in range(len(wanted))]

    def close(self) -> None:
        """End the connections to the agents."""
        for agent in (self._beside, *self._guests.values()):
            agent.close()

    # ------------------------------------------------------------------ beside, or in the guest

    def _ask_agents(self, probes: Mapping[int, AnyProbe]) -> dict[int, Observation]:
        """One request to each agent that looks at one of these hosts, all at the same time."""
        requests: dict[int, tuple[_Agent, dict[int, AnyProbe]]] = {}
        for number, probe in probes.items():
            agent = self._guests.get(probe.host, self._beside)
            requests.setdefault(id(agent), (agent, {}))[1][number] = probe
        answers: dict[int, Result] = {}
        if len(requests) == 1:
            ((agent, asked),) = requests.values()
            answers = agent.ask(asked)
        elif requests:
            with ThreadPoolExecutor(GUESTS_AT_ONCE, thread_name_prefix="agent") as pool:
                for found in pool.map(lambda each: each[0].ask(each[1]), requests.values()):
                    answers |= found
        return {
            number: self._observation(probe, *answers[number]) for number, probe in probes.items()
        }

    def _observation(
        self, probe: AnyProbe, result: AnyResult | None = None, failure: Failure | None = None
    ) -> Observation:
        vantage = Vantage.GUEST if probe.host in self._guests else Vantage.BESIDE
        if self._access.get(probe.host) == "none" and isinstance(probe, SENDING):
            vantage = Vantage.OUTSIDE
        return Observation(probe, vantage, time.time(), result, failure, self.frozen)

    def _beside_the_machine(self, probe: Hardware) -> Observation:
        result, failure = None, None
        try:
            if self._look_at is None:
                raise ValueError("nobody here can see its hardware")  # recorded
            result = self._look_at(probe.host)
        except Exception as problem:  # noqa: BLE001  # any provider's error; recorded, never a fail
            failure = Failure(f"{probe.host} could not be looked at: {problem}")
        return Observation(probe, Vantage.BESIDE, time.time(), result, failure, self.frozen)

    # ------------------------------------------------------------------ inside

    def _inside(self, probe: Inside) -> Observation:
        result, failure = None, None
        try:
            result = self._run_inside(probe)
        except TimeoutError:
            failure = Failure(
                f"`{probe.argv[0]}` did not end within {probe.timeout:g} s", Blame.HOST
            )
        except Exception as problem:  # noqa: BLE001  # any provider's error; recorded, never a fail
            failure = Failure(f"`{probe.argv[0]}` could not be run: {problem}")
        trusted = self._access.get(probe.host) == "none"  # nobody has touched its programs
        vantage = Vantage.OUTSIDE if trusted else Vantage.INSIDE
        return Observation(probe, vantage, time.time(), result, failure, self.frozen)

    # ------------------------------------------------------------------ browser

    def _visit(self, group: list[Browse]) -> list[Observation]:
        """Answer probes about one page by one visit; each by itself where that comes to nothing."""
        if len(group) > 1:
            visit = self._browse(browse_together.merged(group))
            if isinstance(visit.result, BrowseResult):
                return [
                    replace(visit, probe=probe, result=browse_together.part_of(visit.result, probe))
                    for probe in group
                ]
        return [self._browse(probe) for probe in group]

    def _browse(self, probe: Browse) -> Observation:
        """A browser is believed only on a host that nobody but the examiner is on."""
        if self._access.get(probe.host) != "none":
            why = f"{probe.host} is no host to look at pages from: the candidate can enter it"
            return self._observation(probe, failure=Failure(why))
        try:
            result = browser_host.result_of(self._run_inside(browser_host.command(probe)))
        except TimeoutError:
            return self._observation(probe, failure=Failure("the browser did not end in time"))
        except Exception as problem:  # noqa: BLE001  # any provider's error; recorded, never a fail
            return self._observation(probe, failure=Failure(str(problem)))
        return Observation(probe, Vantage.OUTSIDE, time.time(), result, None, self.frozen)


class _Agent:
    """One agent, and what it needs to know of the hosts that it looks at."""

    def __init__(
        self,
        dial: Dial,
        pins: Mapping[str, Mapping[str, Any]],
        fabric: Mapping[str, Any],
        *,
        patient: bool = False,
    ) -> None:
        self._dial = dial
        self._patient = patient
        self._pins = pins
        self._fabric = fabric
        self._connection: AgentConnection | None = None
        self._unreached = 0
        self._why = ""

    def ask(self, probes: Mapping[int, AnyProbe]) -> dict[int, Result]:
        """An answer or a failure for each probe, by its number.

        A machine may be slow to wake, and its line may go dead in the middle of an answer. What is
        left open is asked once more over a new one, unless that sent anything into the networks.
        """
        found: dict[int, Result] = {}
        for _ in range(2 if self._patient else 1):
            if self._unreached >= MOST_UNREACHED:  # each try may take as long as a hanging engine
                break
            left = {number: probe for number, probe in probes.items() if number not in found}
            asked = False
            try:
                self._connection = self._connection or self._connect()
                asked = True
                self._round(self._connection, left, found)
            except AgentUnreachable as problem:
                self._why = str(problem)
                self._unreached += 1
                self.close()
                if asked and any(isinstance(probe, SENDING) for probe in left.values()):
                    break
            else:
                self._why = "the agent gave no answer to this probe"
                self._unreached = 0
                break
        for number in probes:
            found.setdefault(number, (None, Failure(self._why)))
        return found

    def _round(
        self, agent: AgentConnection, probes: Mapping[int, AnyProbe], found: dict[int, Result]
    ) -> None:
        """Put one request and take down each answer; raises `AgentUnreachable`."""
        seconds = _time_for(list(probes.values()))
        slack = MACHINE_SLACK_SECONDS if self._patient else SLACK_SECONDS
        request = {
            "seconds": seconds,
            "hosts": {probe.host: self._pins.get(probe.host, {}) for probe in probes.values()},
            "fabric": self._fabric,
            "probes": [
                {"id": number, **codec.probe_to_json(probe)} for number, probe in probes.items()
            ],
        }
        for answer in agent.ask(request, time.monotonic() + seconds + slack):
            number = answer.get("id")
            if isinstance(number, int) and number in probes:
                found[number] = _read(probes[number], answer)

    def _connect(self) -> AgentConnection:
        return AgentConnection(self._dial, MACHINE_CONNECT_SECONDS if self._patient else None)

    def close(self) -> None:
        """End the connection."""
        if self._connection:
            self._connection.close()
            self._connection = None


def _read(probe: AnyProbe, answer: dict[str, Any]) -> Result:
    if "failure" in answer:
        blame = Blame.HOST if answer.get("blame") == Blame.HOST else Blame.MACHINERY
        return None, Failure(str(answer["failure"]), blame)
    try:
        return codec.result_from_json(probe.kind, answer["result"]), None
    except (KeyError, ValueError) as problem:
        return None, Failure(f"the agent's answer is no {probe.kind} result: {problem}")


def _time_for(probes: Sequence[AnyProbe]) -> float:
    """Seconds that the agent may take for these probes, by its limit of programs at once."""
    slow = [probe.timeout for probe in probes if isinstance(probe, Program)]
    slow += [2 * probe.wait + 2 for probe in probes if isinstance(probe, Connect | Discover)]
    waves = 1 + len(slow) // AGENT_AT_ONCE
    return (
        20.0
        + waves * max(slow, default=0.0)
        + (5.0 if any(isinstance(p, Processes) for p in probes) else 0.0)
    )
