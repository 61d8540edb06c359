"""Answers taken strictly: the corners of the parsers that no recorded case reaches."""

from __future__ import annotations

from typing import Any

import pytest

from checkers.check import NotObserved
from checkers.findings import Findings
from checkers.linux._accounts import Accounts, parse_groups, parse_users
from checkers.linux.port import Socket
from checkers.model import Blame, FileResult, ProcessesResult, ProgramResult, Status
from checkers.network import _names
from checkers.network._names import Reply, normal
from checkers.reading import all_processes, content_of, good_output, whole

HEADER = b";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1\n"
FLAGS = b";; flags: qr aa; QUERY: 1, ANSWER: %d, AUTHORITY: 0, ADDITIONAL: 0\n"


@pytest.mark.parametrize(
    "result, says",
    [
        (ProgramResult(9, b"", b""), "says nothing of why"),
        (ProgramResult(0, HEADER, b""), "ended with 0"),
        (ProgramResult(0, HEADER + FLAGS % 2, b""), "another number"),
        (ProgramResult(0, HEADER + HEADER + FLAGS % 0, b""), "ended with 0"),
        (
            ProgramResult(0, HEADER + FLAGS % 1 + b";; ANSWER SECTION:\nwhat\n", b""),
            "cannot be understood",
        ),
    ],
)
def test_what_is_no_output_of_dig(result: ProgramResult, says: str) -> None:
    with pytest.raises(NotObserved, match=says):
        _names.understood(result)


def test_records_in_one_spelling() -> None:
    assert normal("AAAA", "2001:0DB8::0001") == "2001:db8::1"
    assert normal("A", "not-an-address") == "not-an-address"
    assert normal("TXT", '"v=spf1 " "-all"') == "v=spf1 -all"
    assert normal("TXT", " hello ") == "hello"
    assert normal("SRV", "0  5 5060 SIP.lab.") == "0 5 5060 sip.lab"
    assert normal("NS", ".") == "."


def test_records_of_another_name_do_not_count() -> None:
    records = (_names.Record("other.lab", "A", "10.0.0.1"),)
    assert Reply("NOERROR", records=records).about("www.lab", "A") == set()


def test_a_socket_of_the_loopback_address_is_told() -> None:
    assert Socket("tcp", "::1", 80).loopback
    assert not Socket("tcp", None, 80).loopback


@pytest.mark.parametrize(
    "result, blame, says",
    [
        (ProgramResult(127, b"x", b""), Blame.MACHINERY, "could not be run"),
        (ProgramResult(-9, b"x", b""), Blame.MACHINERY, "could not be run"),
        (ProgramResult(0, b"x", b"", truncated=True), Blame.HOST, "more than is kept"),
        (ProgramResult(1, b"x", b"\x1b[1mno"), Blame.MACHINERY, r"ended with 1: \\x1b\[1mno"),
        (ProgramResult(0, b" \n", b""), Blame.MACHINERY, "printed nothing"),
    ],
)
def test_a_program_that_did_not_work(result: ProgramResult, blame: Blame, says: str) -> None:
    with pytest.raises(NotObserved, match=says) as caught:
        good_output(("ip", "-j", "-d", "addr"), result)
    assert caught.value.failure.blame is blame


def test_an_exit_status_of_its_own_is_an_answer() -> None:
    assert whole(("ping",), ProgramResult(1, b"", b"")).exit == 1


@pytest.mark.parametrize(
    "found, says",
    [
        (FileResult(None, "no such file"), "is missing"),
        (FileResult("fifo"), "is a fifo"),
        (FileResult("file", content=b"x", truncated=True, size=9000), "too long"),
        (FileResult("file"), "was not read"),
        (FileResult("file", content=b"", size=5), "was not read"),
    ],
)
def test_a_file_that_a_host_needs_to_work(found: FileResult, says: str) -> None:
    with pytest.raises(NotObserved, match=says):
        content_of(b"/etc/passwd", found)


@pytest.mark.parametrize("result", [ProcessesResult(()), ProcessesResult((), truncated=True)])
def test_no_processes_are_no_answer(result: ProcessesResult) -> None:
    asking: Any = all_processes("h1")
    next(asking)
    from checkers.model import Observation, Processes, Vantage

    with pytest.raises(NotObserved):
        asking.send((Observation(Processes("h1"), Vantage.BESIDE, 1.0, result),))


def test_accounts_are_read_as_the_c_library_does() -> None:
    users = parse_users(
        b"root:x:0:0:root:/root:/bin/bash\n\n# no:x:1:1::/:\n+nis\nshort:x:1\n"
        b"amy:x:oops:1::/:/bin/sh\namy:x:1001:1001:Amy:/home/amy:\namy:x:0:0::/:/bin/sh\n"
        b"\xff:x:7:7::/:/bin/sh"
    )
    assert users["amy"].uid == 1001
    assert users["amy"].shell == "/bin/sh"
    assert len(users) == 3
    groups = parse_groups(b"root:x:0:\nteam:x:4000:amy,,ghost\nbad:x:no:amy\n")
    known = Accounts(users, groups)
    assert known.groups_of(users["amy"]) == {"team", "1001"}
    assert known.members_of(groups["team"]) == {"amy"}
    assert known.user_name(99) == "99"
    assert known.uid("1001") == 1001
    assert known.uid("nobody") is None
    assert known.gid("team") == 4000
    assert known.gid("12") == 12
    assert known.gid("x") is None
    assert known.password_of(users["amy"]) == "locked"


def test_findings_name_what_failed_alone_and_all_that_held() -> None:
    assert Findings().verdict().status is Status.ERROR
    findings = Findings(flags=["a", "a"])
    findings.hold(expected="one", found="1")
    findings.note(len(findings.flags) == 2, expected="two", found="2")
    assert findings.verdict().found == "1, 2"
    assert findings.verdict().flags == ("a",)
    findings.miss(expected="three", found="3")
    assert findings.failing
    assert (findings.verdict().expected, findings.verdict().found) == ("three", "3")
