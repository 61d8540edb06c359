"""A hardware clock with a good battery goes on from how the machine's system left it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from labctl.providers.libvirt.clock import FILE, Clock, left_ahead, resumed

OWNER = (os.getuid(), os.getgid())
FITTED = -540_000_000


def told(offset: int) -> str:
    """What QEMU 7.2 told when a machine's system set its clock."""
    event = {"event": "RTC_CHANGE", "data": {"offset": offset, "qom-path": "/machine/rtc"}}
    return json.dumps({"timestamp": {"seconds": 1, "microseconds": 2}, **event}) + "\r\n"


def test_a_clock_starts_from_what_it_was_when_its_battery_was_fitted(tmp_path: Path) -> None:
    assert left_ahead(tmp_path / FILE) is None
    assert resumed(tmp_path, FITTED, OWNER) == Clock(FITTED, tmp_path / FILE)


def test_a_clock_that_nobody_set_goes_on(tmp_path: Path) -> None:
    log = resumed(tmp_path, FITTED, OWNER).log
    assert log is not None
    with log.open("a") as file:
        file.write('{"return": {}}\r\n{"event": "SHUTDOWN", "data": {"guest": true}}\r\n')
    assert resumed(tmp_path, 0, OWNER).ahead == FITTED


def test_a_clock_that_was_set_goes_on_from_there(tmp_path: Path) -> None:
    for offset, ahead in ((540_000_003, 3), (-1, 2), (0, 2)):
        log = resumed(tmp_path, FITTED, OWNER).log
        assert log is not None
        with log.open("a") as file:
            file.write(told(7) + told(offset) + '{"event": "RTC_CHANGE", "da')
        assert left_ahead(log) == ahead
