"""A time that tests move by hand: the wall clock, the boot, and how long that has lasted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from labctl.sessions.clock import Moment


class HandMoved:
    """Called, it gives the moment; `labctl.sessions.controller.Controller.now` can be one."""

    def __init__(self, boot: str = "boot-1") -> None:
        self.moment = Moment(datetime(2026, 3, 1, 12, tzinfo=UTC), boot, 0, "server")

    def __call__(self) -> Moment:
        return self.moment

    def pass_by(self, seconds: float) -> None:
        """Time passes."""
        gone = timedelta(seconds=seconds)
        uptime = self.moment.uptime + gone // timedelta(microseconds=1)
        self.moment = replace(self.moment, at=self.moment.at + gone, uptime=uptime)

    def set_clock(self, seconds: float) -> None:
        """Somebody sets the server's clock."""
        self.moment = replace(self.moment, at=self.moment.at + timedelta(seconds=seconds))

    def boot(self, name: str, after: float) -> None:
        """The power goes; it is back after so many seconds."""
        self.moment = Moment(
            self.moment.at + timedelta(seconds=after), name, 1_000_000, self.moment.server
        )
