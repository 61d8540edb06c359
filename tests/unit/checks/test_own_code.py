"""A lab's own check computes; it opens nothing, reaches nothing and starts nothing."""

from __future__ import annotations

import gc
import io
import json
import os
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from checkers.check import NotObserved
from checkers.codec import observation_to_json, probe_to_json, verdict_to_json
from checkers.model import (
    Blame,
    Failure,
    File,
    FileResult,
    LabHost,
    Observation,
    Status,
    Subject,
    Vantage,
    Verdict,
)
from checkers.own import _child, _confine
from checkers.own import python as module
from checkers.own._worker import forks
from checkers.own.python import Python, functions_in

SUBJECT = Subject("h1", hosts=(LabHost("h1", "root"),))
HEAD = "from checkers.check import ask, passed\nfrom checkers.model import File\n"


def verdict_of(body: str, content: bytes = b"x", head: str = HEAD) -> Verdict:
    """What a check with this body ends with; every question is answered with one file."""
    source = f"{head}def check(subject):\n" + "".join(f"    {line}\n" for line in body.split("\n"))
    running = Python(call="checks.py:check").with_source(source).run(SUBJECT)
    answers: tuple[Observation, ...] | None = None
    try:
        while True:
            probes = next(running) if answers is None else running.send(answers)
            result = FileResult("file", content=content, size=len(content))
            answers = tuple(Observation(one, Vantage.BESIDE, 1.0, result) for one in probes)
    except StopIteration as stop:
        verdict: Verdict = stop.value
        return verdict


ASK = "found = yield from ask(File(subject.host, b'/x', limit=9))\n"
PASS = "return passed(expected='e', found=str(len(found.content)))"


def test_it_asks_and_answers_with_large_answers() -> None:
    verdict = verdict_of("import re, json, ipaddress\n" + ASK + PASS, b"x" * 3_000_000)
    assert verdict == Verdict(Status.PASSED, "e", "3000000")


FORBIDDEN = [
    "open('/etc/hostname').read()",
    "open('/tmp/labctl-own-check', 'w')",
    "import os; os.listdir('/')",
    "import os; os.stat('/etc/hostname')",
    "import os; os.readlink('/proc/self/exe')",
    "import os; os.fork()",
    "import os; os.execv('/bin/true', ['true'])",
    "import os; os.kill(1, 0)",
    "import os; os.pipe()",
    "import socket; socket.socket()",
    "import socket; socket.socketpair()",
    "import subprocess; subprocess.run(['true'])",
    "import ctypes; assert ctypes.CDLL(None).socket(2, 1, 0) >= 0",
    "import ctypes; assert ctypes.CDLL(None).open(b'/etc/hostname', 0) >= 0",
    "import threading; threading.Thread(target=print).start()",
    "held = ' ' * (2 << 30)",
]


def test_it_may_unpack_archives_and_define_dataclasses() -> None:
    head = (
        f"from __future__ import annotations\n{HEAD}import gzip, io, lzma, tarfile, zlib\n"
        "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass Seen:\n    size: int\n"
    )
    body = "seen = Seen(len(zlib.decompress(zlib.compress(b'abc'))))\n" + ASK
    verdict = verdict_of(body + "return passed(expected='e', found=str(seen.size))", head=head)
    assert verdict.found == "3"


def test_it_can_do_nothing_else() -> None:
    tries = "\n".join(
        f"try:\n    {line}\n    done.append({line!r})\nexcept BaseException: pass"
        for line in [*FORBIDDEN, "1 + 1"]
    )
    verdict = verdict_of(
        f"done = []\n{tries}\n{ASK}return passed(expected='e', found=' & '.join(done))"
    )
    assert verdict.found == "1 + 1"


@pytest.mark.parametrize("line", ["raise SystemExit(0)", "1 / 0", "import os; os._exit(0)"])
def test_an_end_without_a_verdict_is_an_error(line: str) -> None:
    verdict = verdict_of(f"{line}\n{ASK}{PASS}")
    assert verdict.status is Status.ERROR
    assert "`checks.py:check` broke off" in verdict.found


def test_a_program_that_it_starts_does_not_run(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    witness = tmp_path / "started"
    verdict_of(f"import os; os.system('touch {witness}')\n{ASK}{PASS}")
    assert not witness.exists()


def test_nothing_of_ours_is_in_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABCTL_SECRET", "key")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    body = "import os\n" + ASK + "return passed(expected='e', found=' '.join(sorted(os.environ)))"
    assert verdict_of(body).found == "LC_ALL PATH"


def test_it_has_no_privilege_left() -> None:
    body = "import os\n" + ASK + "return passed(expected='e', found=str(os.getuid()))"
    own = os.getuid() or 65534
    verdict = verdict_of(body)
    # getuid is not among the calls that are let through: not even that can be asked.
    assert verdict.found in {str(own), str(2**32 - 1), "-1"}


def test_what_could_not_be_observed_stays_so_and_keeps_whose_fault_it_is() -> None:
    running = Python(call="checks.py:check").with_source(f"{HEAD}def check(subject):\n    {ASK}")
    generator = running.run(SUBJECT)
    (probe,) = next(generator)
    failure = Failure("h1 \x1b[1mdown", Blame.HOST, conclusive=True)
    with pytest.raises(NotObserved) as caught:
        generator.send((Observation(probe, Vantage.BESIDE, 1.0, failure=failure),))
    assert caught.value.failure == replace(failure, reason=r"h1 \x1b[1mdown")


def test_an_endless_loop_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 1.0)
    verdict = verdict_of("while True: pass\n" + ASK + PASS)
    assert verdict.status is Status.ERROR
    assert "longer than it may" in verdict.found


def test_what_it_prints_is_no_part_of_the_conversation() -> None:
    line = '{"verdict": {"status": "passed", "expected": "e", "found": "forged"}}'
    assert verdict_of(f"print('''{line}''', flush=True)\n{ASK}{PASS}").found == "1"


def test_its_process_does_not_outlive_the_check() -> None:
    running = Python(call="checks.py:check").with_source(f"{HEAD}def check(subject):\n    {ASK}")
    generator = running.run(SUBJECT)
    next(generator)
    generator.close()
    server = forks().process
    assert server is not None
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
    deadline = time.monotonic() + 10
    while children.read_text().split():
        assert time.monotonic() < deadline, "it lives on"


def test_the_process_that_forks_is_started_again_when_somebody_ends_it() -> None:
    assert verdict_of(ASK + PASS).status is Status.PASSED
    server = forks().process
    assert server is not None
    server.kill()
    server.wait()
    assert verdict_of(ASK + PASS).status is Status.PASSED


@pytest.mark.parametrize(
    "source, says",
    [
        ("def other(subject): yield", "KeyError"),
        ("this is no Python", "SyntaxError"),
        ("def check(subject): return 5", "TypeError"),
        ("def check(subject, need): yield", "need"),
        ("def check(subject):\n    yield ()", "1 to 500 probes"),
        ("def check(subject):\n    yield 7", "TypeError"),
    ],
)
def test_what_is_wrong_with_it_is_said(source: str, says: str) -> None:
    running = Python(call="checks.py:check").with_source(source).run(SUBJECT)
    with pytest.raises(StopIteration) as stop:
        next(running)
    assert stop.value.value.status is Status.ERROR
    assert says in stop.value.value.found


def test_without_its_text_it_is_an_error() -> None:
    with pytest.raises(StopIteration) as stop:
        next(Python(call="checks.py:check").run(SUBJECT))
    assert stop.value.value.status is Status.ERROR


def test_the_text_comes_from_the_labs_folder() -> None:
    made = Python(call="own/checks.py:check").with_files(lambda name: f"# {name}".encode())
    assert made._source == "# own/checks.py"


def test_functions_are_found_without_running_the_file() -> None:
    assert functions_in("1/0\ndef a(): pass\nclass B:\n    def c(self): pass\n") == ("a",)


class Straggler:
    """Found by the garbage collector alone, and lets another thread go first when it is."""

    def __init__(self) -> None:
        self.own = self

    def __del__(self) -> None:
        time.sleep(0)


def test_several_threads_read_functions_at_once() -> None:
    source = "def check(subject):\n" + "    x = [(1, 2), {3: [4, (5, 6)]}]\n" * 100
    before = gc.get_threshold()
    gc.set_threshold(50, 1, 1)
    try:
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: (Straggler(), functions_in(source))[1], range(40)))
    finally:
        gc.set_threshold(*before)
    assert set(found) == {("check",)}


def decide(program: bytes, architecture: int, number: int) -> int:
    """What the kernel makes of a filter (linux/filter.h), for the instructions that it uses."""
    at, held = 0, 0
    rows = list(struct.iter_unpack("<HBBI", program))
    while True:
        code, if_true, if_false, value = rows[at]
        at += 1
        if code == 0x06:
            return int(value)
        if code == 0x20:
            held = {0: number, 4: architecture}[value]
        else:
            assert code == 0x15
            at += if_true if held == value else if_false


@pytest.mark.parametrize("machine, architecture", [("x86_64", 0xC000003E), ("aarch64", 0xC00000B7)])
def test_the_filter_lets_through_what_is_listed_and_nothing_else(
    machine: str, architecture: int
) -> None:
    program = _confine._filter(machine)
    allowed = set(_confine._ALLOWED[machine][1])
    for number in [*range(600), 0x40000000, 0x40000001, 2**32 - 1]:
        wanted = _confine._ALLOW if number in allowed else _confine._REFUSE
        assert decide(program, architecture, number) == wanted
    assert decide(program, 0x40000003, 1) == _confine._KILL


def test_an_unknown_machine_is_refused() -> None:
    with pytest.raises(_confine.CannotConfine):
        _confine._filter("mips")


def converse(source: str, *lines: object) -> list[dict[str, object]]:
    """The child's side of the conversation, here in our own process."""
    incoming = io.BytesIO(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    outgoing = io.BytesIO()
    task = {"source": source, "file": "checks.py", "function": "check", "arguments": {}}
    answer = _child._converse(task, SUBJECT, incoming, outgoing)
    _child._tell(outgoing, answer)
    return [json.loads(line) for line in outgoing.getvalue().splitlines()]


def test_the_childs_side_of_the_conversation() -> None:
    seen = Observation(File("h1", b"/x", limit=9), Vantage.BESIDE, 1.0, FileResult("file"))
    source = HEAD + "def check(subject):\n    yield from ask(File(subject.host, b'/x', limit=9))\n"
    told = converse(
        source + "    return passed(expected='e', found='f')\n",
        {"answers": [observation_to_json(seen)]},
    )
    assert told[0] == {"ask": [probe_to_json(seen.probe)]}
    assert told[1]["verdict"] == verdict_to_json(Verdict(Status.PASSED, "e", "f"))
    failure = Failure("down", Blame.HOST, conclusive=True)
    gone = replace(seen, result=None, failure=failure)
    told = converse(source, {"answers": [observation_to_json(gone)]})
    assert told[1] == {"unobserved": asdict(failure)}
    told = converse(source, {"answers": [observation_to_json(seen)]})
    assert told[1] == {"crash": "it returned NoneType instead of a verdict"}
