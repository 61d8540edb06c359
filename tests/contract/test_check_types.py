"""What holds for every check type: nothing that was not observed is ever a pass.

Every recorded case that passes is run again with one of its observations spoilt, each in turn, in
each of the ways in which an observation goes wrong. None of these may pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from checkers.browsing import BrowseResult
from checkers.check import CheckType
from checkers.hardware_state import HardwareResult, SerialLineResult, SmartLogResult
from checkers.model import (
    ConnectResult,
    DirectoryResult,
    Failure,
    FileResult,
    Observation,
    Phase,
    ProcessesResult,
    ProgramResult,
    Status,
)
from checkers.registry import UnknownKind, known, load
from checkers.storage import DeletedFilesResult, FilesystemResult
from checkers.traffic import DiscoverResult
from tests.check_cases import Case, all_cases

CASES = all_cases()
PASSING = tuple(case for case in CASES if case.expect["status"] == "passed")

GARBAGE = b"\x00\xff\x1b[31mpassed 0% packet loss status: NOERROR 200 OK [bold]\n{]"

Spoil = Callable[[Any], Any]

PROGRAM: dict[str, Spoil] = {
    "no output": lambda old: replace(old, stdout=b"", stderr=b""),
    "no such program": lambda old: ProgramResult(127, b"", b"sh: not found"),
    "missing, with the right output": lambda old: replace(old, exit=127),
    "ended badly, with the right output": lambda old: replace(old, exit=old.exit + 3),
    "killed": lambda old: replace(old, exit=-9),
    "cut": lambda old: replace(old, stdout=old.stdout[: len(old.stdout) // 2], truncated=True),
    "something else": lambda old: replace(old, stdout=GARBAGE, stderr=GARBAGE),
}
FILE: dict[str, Spoil] = {
    "cut": lambda old: replace(old, truncated=True, sha256=None),
    "unread": lambda old: replace(old, content=None),
    "emptied": lambda old: replace(old, content=b"") if old.content else None,
    "a FIFO": lambda old: FileResult("fifo"),
    "a loop": lambda old: FileResult(None, "a link in the path goes round in a loop"),
}
DIRECTORY: dict[str, Spoil] = {
    "cut": lambda old: replace(old, truncated=True),
    "none": lambda old: DirectoryResult(None, "no such file"),
}
PROCESSES: dict[str, Spoil] = {
    "none": lambda old: ProcessesResult(()),
    "cut": lambda old: replace(old, truncated=True),
}
CONNECT: dict[str, Spoil] = {
    "unseen": lambda old: replace(old, sightings=()),
    "silent": lambda old: ConnectResult("filtered"),
}
FILESYSTEM: dict[str, Spoil] = {
    "none": lambda old: FilesystemResult(None, "no such file"),
    "empty": lambda old: FilesystemResult(old.device),
}
DELETED_FILES: dict[str, Spoil] = {
    "cut": lambda old: replace(old, truncated=True),
}
PAGE: dict[str, Spoil] = {
    "no page": lambda old: BrowseResult("loaded"),
    "nothing seen of it": lambda old: BrowseResult("loaded", url=old.url, status=old.status),
    "crashed, with the right findings": lambda old: replace(old, outcome="crashed"),
    "late, with the right findings": lambda old: replace(old, outcome="slow"),
    "a step left out": lambda old: replace(old, failed_step=0),
}
DISCOVER: dict[str, Spoil] = {
    "unseen": lambda old: replace(old, sightings=()),
    "no options": lambda old: replace(
        old, offers=tuple(replace(offer, options=()) for offer in old.offers)
    ),
    "garbage": lambda old: replace(
        old,
        offers=tuple(
            replace(offer, options=tuple((code, GARBAGE) for code, _ in offer.options))
            for offer in old.offers
        ),
    ),
}
HARDWARE: dict[str, Spoil] = {
    "none": lambda old: HardwareResult(powered=False, memory=0, bays=(), cut=(), acts=()),
    "nothing done": lambda old: replace(old, acts=()),
    "no controller": lambda old: replace(old, bmc=None),
    "no sensors": lambda old: replace(old, bmc=old.bmc and replace(old.bmc, sensors=())),
}
SMART_LOG: dict[str, Spoil] = {
    "none": lambda old: SmartLogResult(None, "the disk refuses"),
    "empty": lambda old: SmartLogResult(b""),
    "cut": lambda old: replace(old, log=old.log[:100]),
    "all zeros": lambda old: replace(old, log=bytes(512)),
}
SERIAL_LINE: dict[str, Spoil] = {
    "none": lambda old: SerialLineResult(port=False, sessions=()),
    "no settings": lambda old: replace(old, speed=0, bits=0, parity="", stops=0),
    "nobody there": lambda old: replace(old, sessions=()),
}
SPOILS: dict[type, dict[str, Spoil]] = {
    ProgramResult: PROGRAM,
    FileResult: FILE,
    DirectoryResult: DIRECTORY,
    ProcessesResult: PROCESSES,
    ConnectResult: CONNECT,
    FilesystemResult: FILESYSTEM,
    DeletedFilesResult: DELETED_FILES,
    BrowseResult: PAGE,
    DiscoverResult: DISCOVER,
    HardwareResult: HARDWARE,
    SmartLogResult: SMART_LOG,
    SerialLineResult: SERIAL_LINE,
}


def spoilt(seen: Observation) -> Iterator[tuple[str, Observation]]:
    """The ways to spoil one observation: no answer at all, and those of its kind."""
    for reason in ("the agent was killed", "it took longer than 10 s"):
        yield reason, replace(seen, result=None, failure=Failure(reason))
    if seen.result is None:
        return
    for name, spoil in SPOILS[type(seen.result)].items():
        if isinstance(seen.result, FileResult) and not _asked_content(seen, name):
            continue
        changed = spoil(seen.result)
        if changed is not None and changed != seen.result:
            yield name, replace(seen, result=changed)


def _asked_content(seen: Observation, name: str) -> bool:
    """Cutting content that nobody asked for, or of what is no file, spoils nothing."""
    assert isinstance(seen.result, FileResult)
    return name in {"a FIFO", "a loop"} or seen.result.content is not None


def of_the_web(case: Case) -> bool:
    return load(case.kind).__module__.startswith("checkers.web.")


NO_NEED = {b"/etc/systemd/system.control", b"/usr/local/lib/systemd/system", b"/etc/init.d"}


def irrelevant(case: Case, seen: Observation, name: str) -> bool:
    """The few observations that a verdict may rightly not depend on, each with its reason."""
    probe = seen.probe
    path = getattr(probe, "path", b"")
    resolver = path in {b"/etc/resolv.conf", b"/etc/hosts"}
    return (
        # A name that stands in the hosts file is looked up nowhere else; a host needs no such file.
        (of_the_web(case) and resolver and name in {"a FIFO", "a loop"})
        # Of the two names that a package's list can have, one is there; checksums are an extra.
        or (case.kind == "package" and path.startswith(b"/var/lib/dpkg/info/"))
        # A line that is really run only has to end well, whatever it prints.
        or (
            case.kind == "sudo"
            and getattr(probe, "user", "root") != "root"
            and name in {"no output", "something else"}
        )
        # A title and a clean console are just what is not there on an empty page.
        or (case.kind == "page" and name == "a step left out" and not case.parameters.get("steps"))
        # A refusal needs somebody who refuses: it shows that the port is not open without a frame.
        or (case.id == "tcp/passed-either" and name == "unseen")
        # A virtio disk without a serial number has an empty one.
        or (path.startswith(b"/sys/block/vd") and path.endswith(b"/serial") and name == "emptied")
        # Of the folders that kmod and systemd read together any may be missing.
        or (case.kind == "kernel_module" and path.endswith(b".d") and name == "none")
        # A host need not have these folders of units; what is listed in another has to be there.
        or (case.kind in {"service", "timer"} and path in NO_NEED and name == "none")
        # What a firewall keeps itself from asking is silent, and never on the wire.
        or (case.id == "firewall/passed-own-output" and name == "silent")
    )


@pytest.mark.parametrize("case", PASSING, ids=lambda case: case.id)
def test_nothing_unobserved_passes(case: Case) -> None:
    _, recorded = case.run()
    assert recorded, "a pass has to rest on something"
    for number, original in enumerate(recorded):
        for name, other in spoilt(original):
            if irrelevant(case, original, name):
                continue

            def change(
                at: int, seen: Observation, number: int = number, other: Observation = other
            ) -> Observation:
                return other if at == number and seen.probe == other.probe else seen

            verdict, _ = case.run(change)
            assert verdict.status is not Status.PASSED, f"{original.probe} spoilt: {name}"


@pytest.mark.parametrize("case", PASSING, ids=lambda case: case.id)
def test_a_failing_probe_is_an_error(case: Case) -> None:
    _, recorded = case.run()
    for number in range(len(recorded)):

        def change(at: int, seen: Observation, number: int = number) -> Observation:
            gone = replace(seen, result=None, failure=Failure("the stream broke off"))
            return gone if at == number else seen

        verdict, _ = case.run(change)
        assert verdict.status is Status.ERROR
        assert "the stream broke off" in verdict.found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_whatever_everything_answers_it_is_no_pass(case: Case) -> None:
    """All observations at once without output, cut, or failed."""

    def nothing(at: int, seen: Observation) -> Observation:
        first = next((other for name, other in spoilt(seen) if name in {"no output", "none"}), None)
        return first or replace(seen, result=None, failure=Failure("nothing"))

    verdict, _ = case.run(nothing)
    assert verdict.status in {Status.ERROR, Status.FAILED}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_texts_are_complete_and_harmless(case: Case) -> None:
    verdict, seen = case.run()
    if verdict.status in {Status.PASSED, Status.FAILED}:
        assert verdict.expected
        assert verdict.found
        assert seen
    for text in (verdict.expected, verdict.found, *verdict.flags):
        assert text.isprintable(), text
        assert len(text) < 3000


@pytest.mark.parametrize("kind", known())
@pytest.mark.parametrize("value", [None, "", {}, [], 0])
def test_an_empty_expectation_does_not_validate(kind: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        load(kind).model_validate(value)


@pytest.mark.parametrize("kind", known())
def test_an_unknown_key_does_not_validate(kind: str) -> None:
    case = next(case for case in CASES if case.kind == kind and isinstance(case.parameters, dict))
    with pytest.raises(ValidationError):
        load(kind).model_validate({**case.parameters, "no-such-key": 1})


@pytest.mark.parametrize("kind", known())
def test_a_type_documents_itself(kind: str) -> None:
    check_type = load(kind)
    assert check_type.kind == kind
    assert check_type.__doc__
    assert f"\n        {kind}: " in check_type.__doc__, "an example"
    assert "\n    Error: " in check_type.__doc__, "what counts as error"
    assert check_type.phase in Phase
    assert check_type.model_json_schema()["type"] == "object"


def test_the_registry_knows_the_types_without_importing_them() -> None:
    assert known() == tuple(sorted(known()))
    assert {"interface", "file", "http", "python"} <= set(known())
    assert all(issubclass(load(kind), CheckType) for kind in known())


def test_an_unknown_type_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownKind, match="did you mean `route`") as caught:
        load("rotue")
    assert "route" in caught.value.nearest


@pytest.mark.parametrize("kind", known())
def test_a_type_is_shown_with_real_observations(kind: str) -> None:
    """What passes, what fails, what cannot be told, and a fake that must not pass."""
    own = [(case.id.split("/")[1], case.expect["status"]) for case in CASES if case.kind == kind]
    assert {"passed", "failed", "error"} <= {status for _, status in own}
    fakes = [status for name, status in own if name.startswith("fake")]
    assert fakes
    assert "passed" not in fakes
