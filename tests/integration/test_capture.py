"""The standard capture on real hosts: what it sees, how long it takes, and what cuts it short."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkers import codec
from checkers.model import ProcessesResult, ProgramResult
from labctl.capture.model import CapturedFile, HostCapture
from labctl.capture.sheet import sheet
from labctl.sessions.capturing import Kept, demand_kept
from labctl.sessions.controller import Controller
from labctl.sessions.record import load, provider_of
from labctl.sessions.recovery import recover
from labctl.sessions.reopening import reopen
from labctl.sessions.starting import StartRequest, start
from labctl.sessions.submission import submit
from tests.paperwork import LAB, library_with_paperwork

TESTS = Path(__file__).parent.parent

WORK = r"""
set -e
ip address add 10.7.7.7/24 dev eth0
ip route add 10.8.8.0/24 via 10.7.7.1
nft add table inet mine
useradd -m -u 4321 bilal
echo 'ENABLED=no' > /etc/default/mine
printf 'why: \033[2Jbecause\n' > /srv/reasons.md
printf '\377\376\000' > /srv/blob
printf '%s\n' '-----BEGIN OPENSSH PRIVATE KEY-----' 'abc' > /root/key
ln -s /etc/default/mine /srv/link
chmod 4755 /bin/ls
rm /etc/motd /usr/bin/wget 2>/dev/null || rm /bin/cat
head -c 2000000 /dev/zero > /srv/large
setsid sleep 4242 > /dev/null 2>&1 < /dev/null &
"""


@pytest.fixture
def controller(tmp_path: Path) -> Iterator[Controller]:
    library = library_with_paperwork(tmp_path)
    with Controller(tmp_path / "home", [library]) as opened:
        yield opened
        for found in opened.store.sessions():
            opened.provider("docker").down(found.code)
        opened.provider("docker").tidy()


def begin(controller: Controller) -> str:
    (begun,) = start(controller, StartRequest(LAB, ("c1",), seed=7))
    assert begun.session, begun.problem
    return begun.session


def work(controller: Controller, code: str, script: str) -> str:
    session = load(controller.store, code)
    provider = provider_of(controller, session)
    done = provider.run(session.placed(), "desk", ["/bin/sh"], stdin=script.encode())
    assert done.exit == 0, done.stderr
    return done.stdout.decode()


def told(capture: HostCapture, section: str) -> str:
    """What the programs of a section printed."""
    rows = [codec.observation_from_json(each) for each in capture.sections[section]]
    assert all(seen.frozen for seen in rows)
    return "".join(
        seen.result.stdout.decode() for seen in rows if isinstance(seen.result, ProgramResult)
    )


def files_of(found: Kept) -> dict[str, CapturedFile]:
    return {file.path: file for file in found.hosts[0].files}


def test_the_work_is_in_the_capture_and_the_hand_in_can_be_opened_again(
    controller: Controller,
) -> None:
    code = begin(controller)
    work(controller, code, WORK)
    submit(controller, code)
    found = demand_kept(controller.store, code)
    (desk,) = found.hosts
    assert desk.gaps == ()
    assert "10.7.7.7/24" in told(desk, "addresses")
    assert "10.8.8.0/24 via 10.7.7.1" in told(desk, "routes")
    assert "table inet mine" in told(desk, "firewall")
    (row,) = desk.sections["processes"]
    processes = codec.observation_from_json(row).result
    assert isinstance(processes, ProcessesResult)
    assert (b"sleep", b"4242") in [each.argv for each in processes.processes]
    assert any(each.startswith("dpkg ") for each in desk.packages)
    files = files_of(found)
    assert files["/etc/default/mine"].text == "ENABLED=no\n"
    assert files["/srv/link"].target == "/etc/default/mine"
    assert files["/srv/blob"].sha256 is not None
    assert files["/srv/blob"].text is None
    assert files["/root/key"].text is None
    assert files["/etc/shadow"].text is None
    assert files["/srv/large"].sha256 is None
    assert "deleted" in {file.how for file in files.values()}
    (reasons,) = found.judged
    assert reasons.content == b"why: \x1b[2Jbecause\n"
    told_all = sheet(desk)
    assert "\x1b" not in told_all
    assert "bilal:x:4321" in told_all
    assert controller.store.audit(code) == ()

    reopen(controller, code, "the wrong button")
    work(controller, code, "pgrep -f 'sleep 4242' && touch /srv/page")
    submit(controller, code)
    again = demand_kept(controller.store, code)
    assert again.after == ()
    assert files_of(again)["/srv/page"].how == "added"


def test_a_full_directory_hides_no_other(controller: Controller) -> None:
    code = begin(controller)
    work(controller, code, "mkdir /aaa && cd /aaa && seq 5000 | xargs touch; echo x > /srv/mine")
    submit(controller, code)
    found = demand_kept(controller.store, code)
    assert files_of(found)["/srv/mine"].text == "x\n"
    (gap,) = found.hosts[0].gaps
    assert gap.what == "files"
    assert gap.why.startswith("2000 of 50")


def test_killed_in_the_middle_the_capture_is_taken_by_the_next_command(
    controller: Controller,
) -> None:
    code = begin(controller)
    work(controller, code, "echo page > /srv/page; echo because > /srv/reasons.md")
    place = (str(controller.home), str(controller.library_paths[0]))
    command = [sys.executable, str(TESTS / "interrupted.py"), *place, "1", "capture", code]
    done = subprocess.run(command, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert controller.store.events(code)[-1].kind == "hosts.frozen"
    (recovered,) = recover(controller)
    assert recovered.problem == ""
    found = demand_kept(controller.store, code)
    assert (found.after, found.judged[0].content) == ((), b"because\n")
    assert files_of(found)["/srv/page"].text == "page\n"
    assert controller.store.open_intentions() == ()
    assert controller.store.audit(code) == ()
