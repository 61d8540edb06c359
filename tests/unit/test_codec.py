"""Probes, observations and verdicts survive JSON unchanged, and nothing else is read as one."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from checkers import codec
from checkers.browsing import (
    Browse,
    BrowseResult,
    Element,
    Found,
    Layout,
    Picture,
    Request,
    Step,
    Stop,
    Violation,
)
from checkers.hardware_state import (
    Act,
    Bay,
    Hardware,
    HardwareResult,
    LineSession,
    LogEntry,
    ManagementController,
    PowerCommand,
    SensorState,
    SerialLine,
    SerialLineResult,
    SmartLog,
    SmartLogResult,
)
from checkers.model import (
    AnyProbe,
    Blame,
    Connect,
    ConnectResult,
    Directory,
    DirectoryEntry,
    DirectoryResult,
    Failure,
    File,
    FileResult,
    Flow,
    Inside,
    Observation,
    Process,
    Processes,
    ProcessesResult,
    Program,
    ProgramResult,
    Status,
    Vantage,
    Verdict,
)
from checkers.storage import (
    ChangedFile,
    ChangedFiles,
    ChangedFilesResult,
    DeletedFiles,
    DeletedFilesResult,
    Filesystem,
    FilesystemResult,
    OpenFile,
)
from checkers.traffic import DhcpReply, Discover, DiscoverResult, Sighting

TEXT = st.text(max_size=20)
BYTES = st.binary(max_size=40)
NUMBER = st.integers(0, 2**63 - 1)
SECONDS = st.floats(0, 1e10, allow_nan=False)
SIGHTINGS = st.lists(st.builds(Sighting, TEXT, TEXT, st.booleans(), TEXT, TEXT), max_size=3)
FLOWS = st.builds(
    Flow,
    st.sampled_from(["icmp", "tcp", "udp"]),
    TEXT,
    st.none() | st.integers(0, 65535),
    st.booleans(),
)

IMPACTS = st.sampled_from(["minor", "moderate", "serious", "critical"])
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple)


def several(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=2).map(tuple)


VIOLATIONS = several(st.builds(Violation, TEXT, IMPACTS, TEXT, NUMBER, TEXT))

PROBES: dict[str, st.SearchStrategy[Any]] = {
    "program": st.builds(
        Program,
        TEXT,
        st.lists(TEXT, max_size=4).map(tuple),
        timeout=SECONDS,
        flow=st.none() | FLOWS,
    ),
    "file": st.builds(File, TEXT, BYTES, NUMBER, st.booleans()),
    "directory": st.builds(Directory, TEXT, BYTES, NUMBER),
    "processes": st.builds(Processes, TEXT),
    "connect": st.builds(
        Connect,
        TEXT,
        TEXT,
        st.integers(0, 65535),
        wait=SECONDS,
        send=BYTES,
        read=NUMBER,
        protocol=st.sampled_from(["tcp", "udp"]),
    ),
    "discover": st.builds(Discover, TEXT, TEXT, TEXT, TEXT, st.booleans(), SECONDS, SECONDS),
    "inside": st.builds(
        Inside, TEXT, st.lists(TEXT, max_size=4).map(tuple), TEXT, BYTES, TEXT, SECONDS
    ),
    "filesystem": st.builds(Filesystem, TEXT, BYTES),
    "deleted_files": st.builds(DeletedFiles, TEXT),
    "changed_files": st.builds(ChangedFiles, TEXT),
    "hardware": st.builds(Hardware, TEXT),
    "smart_log": st.builds(SmartLog, TEXT, TEXT),
    "serial_line": st.builds(SerialLine, TEXT, TEXT),
    "browse": st.builds(
        Browse,
        TEXT,
        TEXT,
        TEXT,
        st.booleans(),
        NUMBER,
        several(st.builds(Step, st.sampled_from(["click", "type", "press", "wait"]), TEXT, TEXT)),
        several(TEXT),
        several(TEXT),
        several(TEXT),
        stops=several(TEXT),
        layouts=several(NUMBER),
        wait=SECONDS,
    ),
}
REPLIES = st.builds(
    DhcpReply,
    TEXT,
    TEXT,
    TEXT,
    st.lists(st.tuples(st.integers(0, 255), BYTES), max_size=3).map(tuple),
)
RESULTS: dict[str, st.SearchStrategy[Any]] = {
    "program": st.builds(
        ProgramResult,
        st.integers(-64, 255),
        BYTES,
        BYTES,
        st.booleans(),
        SECONDS,
        SIGHTINGS.map(tuple),
    ),
    "file": st.builds(
        FileResult,
        st.sampled_from(["file", "directory", "link", "fifo", "socket", "block", "char", None]),
        TEXT,
        mode=st.integers(0, 0o7777),
        uid=NUMBER,
        gid=NUMBER,
        size=NUMBER,
        mtime=st.floats(-1e10, 1e10),
        links=NUMBER,
        target=st.none() | BYTES,
        acl=st.none() | BYTES,
        default_acl=st.none() | BYTES,
        content=st.none() | BYTES,
        truncated=st.booleans(),
        sha256=st.none() | TEXT,
    ),
    "directory": st.builds(
        DirectoryResult,
        st.none() | st.lists(st.builds(DirectoryEntry, BYTES, TEXT), max_size=3).map(tuple),
        TEXT,
        st.booleans(),
    ),
    "processes": st.builds(
        ProcessesResult,
        st.lists(
            st.builds(
                Process,
                NUMBER,
                NUMBER,
                NUMBER,
                NUMBER,
                st.sampled_from("RSDZTt"),
                BYTES,
                st.lists(BYTES, max_size=3).map(tuple),
                BYTES,
                SECONDS,
            ),
            max_size=3,
        ).map(tuple),
        st.booleans(),
    ),
    "connect": st.builds(
        ConnectResult,
        st.sampled_from(["open", "closed", "filtered", "unreachable"]),
        TEXT,
        BYTES,
        TEXT,
        SIGHTINGS.map(tuple),
    ),
    "filesystem": st.builds(
        FilesystemResult, st.none() | NUMBER, TEXT, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER
    ),
    "deleted_files": st.builds(
        DeletedFilesResult,
        st.lists(
            st.builds(OpenFile, NUMBER, BYTES, NUMBER, NUMBER, NUMBER, NUMBER), max_size=3
        ).map(tuple),
        st.booleans(),
    ),
}
RESULTS["changed_files"] = st.builds(
    ChangedFilesResult,
    st.lists(
        st.builds(ChangedFile, BYTES, st.sampled_from(["added", "changed", "deleted"])), max_size=3
    ).map(tuple),
    st.booleans(),
)
RESULTS["browse"] = st.builds(
    BrowseResult,
    st.sampled_from(["loaded", "unreachable", "slow", "busy", "crashed"]),
    TEXT,
    requests=several(st.builds(Request, TEXT, TEXT, NUMBER, NUMBER, TEXT)),
    errors=several(TEXT),
    failed_step=st.none() | NUMBER,
    found=several(
        st.builds(
            Found,
            TEXT,
            NUMBER,
            several(st.builds(Element, TEXT, TEXT, TEXT, TEXT, TEXT, PAIRS, PAIRS)),
        )
    ),
    layouts=several(st.builds(Layout, NUMBER, NUMBER, several(TEXT))),
    stops=several(
        st.builds(
            Stop,
            TEXT,
            several(NUMBER),
            st.sampled_from(["indicator", "caret", "none", "unsteady"]),
        )
    ),
    violations=VIOLATIONS,
    undecided=VIOLATIONS,
    pictures=several(st.builds(Picture, NUMBER, NUMBER, BYTES)),
)
RESULTS["discover"] = st.builds(
    DiscoverResult,
    TEXT,
    st.lists(REPLIES, max_size=2).map(tuple),
    st.none() | REPLIES,
    SIGHTINGS.map(tuple),
)
RESULTS["inside"] = RESULTS["program"]
LIMITS = several(st.tuples(TEXT, SECONDS))
CONTROLLERS = st.builds(
    ManagementController,
    several(st.builds(SensorState, TEXT, TEXT, st.none() | SECONDS, TEXT, LIMITS, LIMITS)),
    several(
        st.builds(
            LogEntry,
            NUMBER,
            NUMBER,
            TEXT,
            NUMBER,
            TEXT,
            st.booleans(),
            st.booleans(),
            st.booleans(),
        )
    ),
    several(st.builds(PowerCommand, SECONDS, TEXT)),
)
RESULTS["hardware"] = st.builds(
    HardwareResult,
    st.booleans(),
    NUMBER,
    several(st.builds(Bay, NUMBER, TEXT, NUMBER, TEXT, NUMBER)),
    several(TEXT),
    several(st.builds(Act, TEXT, SECONDS, TEXT, NUMBER)),
    BYTES,
    NUMBER,
    st.none() | CONTROLLERS,
)
RESULTS["smart_log"] = st.builds(SmartLogResult, st.none() | BYTES, TEXT)
RESULTS["serial_line"] = st.builds(
    SerialLineResult,
    st.booleans(),
    several(st.builds(LineSession, NUMBER, BYTES, several(BYTES))),
    st.booleans(),
    NUMBER,
    NUMBER,
    st.sampled_from(["none", "even", "odd", ""]),
    NUMBER,
)
FAILURES = st.builds(Failure, TEXT, st.sampled_from(Blame), st.booleans())


def wire(value: Any) -> Any:
    """What is left of a JSON value when it has been written and read."""
    return json.loads(codec.canonical(value))


def test_every_kind_of_probe_is_tried_here() -> None:
    assert set(PROBES) == set(RESULTS) == set(codec.RESULT_TYPES)
    assert len(get_args(AnyProbe)) == len(PROBES)


@given(st.one_of(*PROBES.values()))
def test_probes(probe: Any) -> None:
    back = codec.probe_from_json(wire(codec.probe_to_json(probe)))
    assert back == probe
    assert hash(back) == hash(probe)
    assert codec.probe_digest(back) == codec.probe_digest(probe)


@given(st.data(), st.sampled_from(sorted(PROBES)))
def test_observations(data: st.DataObject, kind: str) -> None:
    answered = data.draw(st.booleans())
    seen = Observation(
        data.draw(PROBES[kind]),
        data.draw(st.sampled_from(Vantage)),
        data.draw(SECONDS),
        result=data.draw(RESULTS[kind]) if answered else None,
        failure=None if answered else data.draw(FAILURES),
        frozen=data.draw(st.booleans()),
    )
    back = codec.observation_from_json(wire(codec.observation_to_json(seen)))
    assert back == seen
    assert type(back.result) is type(seen.result)
    assert codec.observation_to_json(back) == codec.observation_to_json(seen)


@given(
    st.builds(
        Verdict,
        st.sampled_from(Status),
        TEXT,
        TEXT,
        st.none() | st.sampled_from(Blame),
        st.lists(TEXT, max_size=3).map(tuple),
    )
)
def test_verdicts(verdict: Verdict) -> None:
    assert codec.verdict_from_json(wire(codec.verdict_to_json(verdict))) == verdict


@given(BYTES)
def test_bytes_are_written_as_the_agent_writes_them(data: bytes) -> None:
    from checkers.agent.files import encoded

    written = codec.probe_to_json(File("pc", data))["path"]
    assert written == encoded(data)


def test_a_digest_tells_probes_of_different_kinds_and_values_apart() -> None:
    probes: list[AnyProbe] = [
        File("pc", b"/etc"),
        File("pc", b"/etc", follow=False),
        Directory("pc", b"/etc"),
        File("pc2", b"/etc"),
        Program("pc", ("ip",)),
        Inside("pc", ("ip",)),
        Program("pc", ("ip", "")),
        Processes("pc"),
    ]
    assert len({codec.probe_digest(probe) for probe in probes}) == len(probes)


def test_the_input_of_a_program_is_a_part_of_its_name() -> None:
    probes = [Program("pc", ("ip",)), Program("pc", ("ip",), stdin=b"x")]
    assert len({codec.probe_digest(probe) for probe in probes}) == 2
    assert "stdin" not in codec.probe_to_json(probes[0])


def test_a_digest_is_the_same_for_ever() -> None:
    digest = codec.probe_digest(Program("r1", ("ip", "-j", "addr")))
    assert digest == "feecdf2543d00aac6f77c6c94d50efeb9883736bf628ca9ee479b2684e28503c"


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"kind": "shell", "host": "pc"},
        {"kind": "file", "host": "pc"},
        {"kind": "file", "path": "L2V0Yw=="},
        {"kind": "file", "host": "pc", "path": "not base64!"},
        {"kind": "program", "host": "pc", "argv": "ip addr"},
        {"kind": "connect", "host": "pc", "to": "10.0.0.1", "port": "many"},
        [],
        None,
        "file",
    ],
    ids=repr,
)
def test_what_is_no_probe(value: object) -> None:
    with pytest.raises(ValidationError):
        codec.probe_from_json(value)


@pytest.mark.parametrize("kind", sorted(RESULTS))
@pytest.mark.parametrize("value", [None, {}, [], "x", {"type": "pipe"}, {"outcome": 1}], ids=repr)
def test_what_is_no_result(kind: str, value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # ValidationError is one
        codec.result_from_json(kind, value)


def test_a_result_of_another_kind() -> None:
    file = json.loads(json.dumps({"type": "file"}))
    assert isinstance(codec.result_from_json("file", file), FileResult)
    for kind in set(RESULTS) - {"file", "directory"}:
        with pytest.raises(ValueError):  # noqa: PT011  # as above
            codec.result_from_json(kind, file)


def test_canonical_json_has_one_spelling() -> None:
    assert codec.canonical({"b": 1, "a": [True, None]}) == b'{"a":[true,null],"b":1}'
    assert codec.canonical({"é": "ü"}) == '{"é":"ü"}'.encode()
