"""What may be read of the record without a role, as use-cases; and a store that is made of them.

No names, dates of birth or learner numbers, and no blobs: these are read by the use-cases that ask
for a role.
"""

from __future__ import annotations

from typing import Any

from labctl.errors import UsageError
from labctl.served import served
from labctl.sessions.controller import Controller
from labctl.store import (
    Event,
    Intention,
    Problem,
    RunRecord,
    SessionFilter,
    SessionRecord,
    SittingRecord,
)


@served
def session(controller: Controller, code: str) -> SessionRecord:
    """One session."""
    return controller.store.session(code)


@served
def sessions(controller: Controller, wanted: SessionFilter) -> tuple[SessionRecord, ...]:
    """The sessions that match."""
    return controller.store.sessions(wanted)


@served
def events(controller: Controller, code: str) -> tuple[Event, ...]:
    """A session's log."""
    return controller.store.events(code)


@served
def turns(
    controller: Controller, kinds: tuple[str, ...], wanted: SessionFilter
) -> dict[str, tuple[Event, ...]]:
    """What moves clocks."""
    return controller.store.turns(kinds, wanted)


@served
def open_intentions(controller: Controller, code: str | None) -> tuple[Intention, ...]:
    """What is half done."""
    return controller.store.open_intentions(code)


@served
def runs(controller: Controller, code: str) -> tuple[RunRecord, ...]:
    """A session's runs."""
    return controller.store.runs(code)


@served
def latest_runs(controller: Controller, wanted: SessionFilter) -> dict[str, RunRecord]:
    """The last run of each session that matches."""
    return controller.store.latest_runs(wanted)


@served
def audit(controller: Controller, code: str) -> tuple[Problem, ...]:
    """What does not add up in a session's record."""
    return controller.store.audit(code)


@served
def audit_centre(controller: Controller) -> tuple[Problem, ...]:
    """What does not add up in the centre's log."""
    return controller.store.audit_centre()


@served
def centre_events(controller: Controller, family: str) -> tuple[Event, ...]:
    """The centre's log."""
    return controller.store.centre_events(family)


@served
def sittings(controller: Controller) -> tuple[SittingRecord, ...]:
    """The rows of all sittings."""
    return controller.store.sittings.list()


@served
def audit_sitting(controller: Controller, code: str) -> tuple[Problem, ...]:
    """What does not add up in a sitting's log."""
    return controller.store.sittings.audit(code)


class _Distant:
    """What is behind a server: of the rest it says that it cannot be had here."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    def __getattr__(self, name: str) -> Any:
        raise UsageError(
            f"This needs the state directory itself, which is not yours ({name}).",
            "Run it as the account that `labctl serve` runs as.",
        )


class DistantSittings(_Distant):
    """The part of `labctl.store.sittings.Sittings` that can be had through a server."""

    def list(self) -> tuple[SittingRecord, ...]:
        """See `Sittings.list`."""
        return sittings(self._controller)

    def audit(self, code: str) -> tuple[Problem, ...]:
        """See `Sittings.audit`."""
        return audit_sitting(self._controller, code)


class DistantStore(_Distant):
    """The part of `labctl.store.Store` that can be had through a server."""

    def session(self, code: str) -> SessionRecord:
        """See `Store.session`."""
        return session(self._controller, code)

    def sessions(self, wanted: SessionFilter = SessionFilter()) -> tuple[SessionRecord, ...]:  # noqa: B008  # frozen
        """See `Store.sessions`."""
        return sessions(self._controller, wanted)

    def events(self, code: str) -> tuple[Event, ...]:
        """See `Store.events`."""
        return events(self._controller, code)

    def turns(
        self,
        kinds: tuple[str, ...],
        wanted: SessionFilter = SessionFilter(),  # noqa: B008  # frozen
    ) -> dict[str, tuple[Event, ...]]:
        """See `Store.turns`."""
        return turns(self._controller, kinds, wanted)

    def open_intentions(self, code: str | None = None) -> tuple[Intention, ...]:
        """See `Store.open_intentions`."""
        return open_intentions(self._controller, code)

    def runs(self, code: str) -> tuple[RunRecord, ...]:
        """See `Store.runs`."""
        return runs(self._controller, code)

    def latest_runs(self, wanted: SessionFilter = SessionFilter()) -> dict[str, RunRecord]:  # noqa: B008  # frozen
        """See `Store.latest_runs`."""
        return latest_runs(self._controller, wanted)

    def audit(self, code: str) -> tuple[Problem, ...]:
        """See `Store.audit`."""
        return audit(self._controller, code)

    def audit_centre(self) -> tuple[Problem, ...]:
        """See `Store.audit_centre`."""
        return audit_centre(self._controller)

    def centre_events(self, family: str = "") -> tuple[Event, ...]:
        """See `Store.centre_events`."""
        return centre_events(self._controller, family)

    @property
    def sittings(self) -> DistantSittings:
        """See `Store.sittings`."""
        return DistantSittings(self._controller)

    def close(self) -> None:
        """Nothing is held open."""
