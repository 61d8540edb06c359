"""Sending real pages through a real CUPS: what comes out of the printer, and what does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from checkers.model import Blame, Status
from tests.rig import Rig, Session, machine, plan, rig, wait_for

PRINTER = "10.3.0.40"
PAPER = "/var/spool/paper"
PRINTS = {"at": "printer", "paper": PAPER, "within": 30}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rig(tmp_path_factory.mktemp("home"), "print-client", "printer") as found:
        yield found


@pytest.fixture(scope="module")
def lab(made: Rig) -> Session:
    """A PC with a queue, and the printer that it leads to."""
    session = made.up(
        plan(
            ["lan"],
            machine("desk", "lan", image="print-client"),
            machine("printer", "lan", access="none", image="printer"),
        )
    )
    session.sh("printer", f"ip addr add {PRINTER}/24 dev eth0; service printer start")
    session.sh("desk", "ip addr add 10.3.0.10/24 dev eth0")
    wait_for(lambda: "is running" in session.sh("desk", "lpstat -r", check=False), "CUPS")
    session.sh("desk", f"lpadmin -p office -E -v ipp://{PRINTER}/ipp/print -m everywhere")
    return session


def test_a_page_comes_out(lab: Session) -> None:
    verdict = lab.check("printer", "desk", queue="office", prints=PRINTS)
    assert verdict.status is Status.PASSED, verdict
    assert not verdict.flags
    assert b"Test page for office" in (lab.file("printer", PAPER).content or b"")
    wait_for(lambda: lab.sh("desk", "lpstat -o") == "", "CUPS to be done with it")


def test_a_queue_without_a_driver_prints_too(lab: Session) -> None:
    lab.sh("desk", f"lpadmin -p plain -E -v ipp://{PRINTER}/ipp/print")
    verdict = lab.check("printer", "desk", queue="plain", prints=PRINTS)
    assert verdict.status is Status.PASSED, verdict


def test_what_is_swallowed_does_not_come_out(lab: Session) -> None:
    """A backend of the candidate's that says that all went well."""
    lab.sh(
        "desk",
        "printf '#!/bin/sh\\nexit 0\\n' > /usr/lib/cups/backend/swallow;"
        "chmod 755 /usr/lib/cups/backend/swallow; lpadmin -p swallow -E -v swallow:/office",
    )
    prints = {**PRINTS, "within": 5}
    verdict = lab.check("printer", "desk", queue="swallow", prints=prints)
    assert verdict.status is Status.FAILED
    assert verdict.found == "CUPS has done with it, and nothing came out at printer"


def test_a_page_that_does_not_come_out_is_taken_back(lab: Session) -> None:
    lab.sh("desk", "lpadmin -p nowhere -E -v ipp://10.3.0.99/ipp/print")
    prints = {**PRINTS, "within": 5}
    verdict = lab.check("printer", "desk", queue="nowhere", prints=prints)
    assert verdict.status is Status.FAILED
    assert verdict.found.startswith("nothing came out within 5 s; the job is being sent")
    wait_for(lambda: lab.sh("desk", "lpstat -o") == "", "the job to be cancelled")


def test_a_stopped_queue_is_sent_nothing(lab: Session) -> None:
    lab.sh("desk", "lpadmin -p idle -E -v ipp://10.3.0.99/ipp/print; cupsdisable -r lunch idle")
    verdict = lab.check("printer", "desk", queue="idle", enabled=True, prints=PRINTS)
    assert verdict.status is Status.FAILED
    assert 'it is stopped ("lunch"), so no page was sent' in verdict.found
    assert "idle-" not in lab.sh("desk", "lpstat -o")


def test_the_default_is_that_of_everybody(lab: Session) -> None:
    lab.sh("desk", "lpadmin -d office")
    assert lab.check("printer", "desk", queue="office", default=True).status is Status.PASSED
    lab.sh("desk", "lpadmin -p other -E -v ipp://10.3.0.99/ipp/print; lpoptions -d other")
    assert lab.sh("desk", "lpstat -d") == "system default destination: other\n", "for root alone"
    assert lab.check("printer", "desk", queue="other", default=True).status is Status.FAILED
    lab.sh("desk", "mv /root/.cups/lpoptions /etc/cups")
    assert lab.sh("desk", "lpstat -d", user="nobody") == "system default destination: other\n"
    assert lab.check("printer", "desk", queue="other", default=True).status is Status.PASSED
    assert lab.check("printer", "desk", queue="office", default=True).status is Status.FAILED
    lab.sh("desk", "rm /etc/cups/lpoptions")


def test_a_printer_that_can_be_entered_shows_nothing(lab: Session) -> None:
    verdict = lab.check("printer", "desk", queue="office", prints={**PRINTS, "at": "desk"})
    assert (verdict.status, verdict.blame) == (Status.ERROR, Blame.MACHINERY)


def test_where_no_cups_runs_the_candidate_is_told(lab: Session) -> None:
    lab.sh("desk", "service cups stop")
    verdict = lab.check("printer", "desk", queue="office", enabled=True)
    assert verdict.status is Status.FAILED
    assert verdict.found.startswith(
        "no CUPS answers on desk at port 631: the connection is refused"
    )
    lab.sh("desk", "service cups start")
