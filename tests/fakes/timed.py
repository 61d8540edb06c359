"""Sessions of paper in a time moved by hand: how they are begun, read and cut off."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from labctl.sessions import record
from labctl.sessions.clock import Clock
from labctl.sessions.controller import Controller
from labctl.sessions.starting import StartRequest, start
from labctl.store.database import Database
from tests.fakes.provider import FakeProvider, FakeServer
from tests.fakes.time import HandMoved

DURATION = 600
"""Seconds of the lab `moves`."""


def started(controller: Controller, lab: str = "moves", extra_time: int | None = None) -> str:
    (one,) = start(controller, StartRequest(lab, ("amy",), seed=7, extra_time=extra_time))
    assert one.session is not None
    return one.session


def read(controller: Controller, code: str) -> Clock:
    return record.load(controller.store, code).timing.read(controller.now())


def kinds(controller: Controller, code: str) -> list[str]:
    return [event.kind for event in controller.store.events(code)]


def host_states(server: FakeServer, code: str) -> set[str]:
    with server.state() as state:
        return {each["state"] for each in state["sessions"][code]["hosts"].values()}


def credits_of(controller: Controller, code: str) -> list[int]:
    events = controller.store.events(code)
    return [each.data["seconds"] for each in events if each.kind == "time.credited"]


class Killed(BaseException):
    """The process is gone."""


@contextlib.contextmanager
def dying_after(writes: int) -> Iterator[None]:
    """Has the process die right after so many transactions."""
    original, left = Database.writing, [writes]

    @contextlib.contextmanager
    def counted(database: Database) -> Iterator[Any]:
        with original(database) as connection:
            yield connection
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "writing", counted)
        yield


def stop_looking(now: HandMoved) -> None:
    """The warden is ended with the power, a while after its last look."""
    now.pass_by(1)
    raise Killed


class Slow:
    """Has operations of the provider take time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, now: HandMoved) -> None:
        self._patch, self._now = monkeypatch, now

    def __call__(self, operation: str, seconds: float) -> None:
        original = getattr(FakeProvider, operation)

        def slow(*arguments: Any, **options: Any) -> Any:
            self._now.pass_by(seconds)
            return original(*arguments, **options)

        self._patch.setattr(FakeProvider, operation, slow)
