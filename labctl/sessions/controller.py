"""What every use-case stands on: the library, the store, the providers, and who is acting."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from labctl.centre import account as accounts
from labctl.centre.account import Account
from labctl.library.library import Library
from labctl.policy.file import in_force
from labctl.policy.rules import Policy
from labctl.providers import open_provider
from labctl.sessions.clock import Moment, present
from labctl.store import Store, database_url, home_path

if TYPE_CHECKING:
    from labctl.providers.base import Provider
    from labctl.served import Link

TURN_SECONDS = 0.5
"""How often whoever waits for a turn looks whether the work is to stop."""

Tell = Callable[[str, str], None]
"""Called with a session's code (or "") and one short line, when something has happened."""


class Interrupted(BaseException):
    """Raised within work that is to stop because whoever asked for it was interrupted."""

    def __init__(self) -> None:
        super().__init__("interrupted")


def _silent(_session: str, _line: str) -> None:
    """Tell nobody."""


@dataclass
class Controller:
    """The parts that use-cases share. Close it after use; providers and store open on first use."""

    home: Path
    library_paths: Sequence[Path] = ()
    tell: Tell = _silent
    _origin: Controller | None = None
    _opening: threading.Lock = field(default_factory=threading.Lock)
    _providers: dict[str, Provider] = field(default_factory=dict)
    _interrupted: threading.Event = field(default_factory=threading.Event)
    _borrows: bool = False
    link: Link | None = None
    """Where use-cases are done instead of here."""
    now: Callable[[], Moment] = present
    turns: threading.Semaphore | None = None
    """How much heavy work may be done at a time, where one process does it for many."""
    unnoted: dict[tuple[str, timedelta], Moment] = field(default_factory=dict)
    """Since when hosts stand still at the end of their session's time, where the log took no note;
    by the session and all of its time."""

    @classmethod
    def open(cls, library_paths: Sequence[Path] = (), tell: Tell = _silent) -> Controller:
        """The controller of the state directory that `LABCTL_HOME` names."""
        return cls(home_path(), library_paths, tell)

    @cached_property
    def store(self) -> Store:
        """The record."""
        return Store.open(self.home, database_url(), clock=lambda: self.now().at)

    @cached_property
    def library(self) -> Library:
        """The labs."""
        return Library.open(self.library_paths)

    @cached_property
    def policy(self) -> Policy:
        """The centre's rules for what begins now; raises as `in_force` does."""
        return in_force(self.home).policy

    @cached_property
    def account(self) -> Account:
        """The account that runs the command, as the operating system knows it."""
        return accounts.current_account()

    @property
    def actor(self) -> str:
        """Who is acting, as the record names it: the account's name."""
        return self.account.name

    def provider(self, name: str) -> Provider:
        """The provider called `name`, opened once."""
        if self._origin is not None:
            return self._origin.provider(name)
        with self._opening:
            if name not in self._providers:
                installation = self.store.installation_id
                self._providers[name] = open_provider(name, installation, self.home)
            return self._providers[name]

    def throw_away(self, home: Path) -> Controller:
        """A controller with a store of its own in `home`, on the same library and providers.

        For work that is to leave no record; its hosts are still known as this installation's. The
        store is a file in `home`, whatever database the record is in, and no centre's rules hold.
        """
        other = Controller(home, self.library_paths, self.tell, self)
        other.__dict__["library"] = self.library
        other.__dict__["store"] = Store.open(home)
        other.__dict__["account"] = self.account
        other.__dict__["policy"] = Policy()
        return other

    def on_behalf(self, account: Account, tell: Tell) -> Controller:
        """The same parts, as somebody else acts through them and is told; not to be closed."""
        other = Controller(
            self.home, self.library_paths, tell, self, now=self.now, turns=self.turns
        )
        other.unnoted = self.unnoted
        other.__dict__["store"] = self.store
        other.__dict__["account"] = account
        other._borrows = True
        return other

    def interrupt(self) -> None:
        """Ask all work under way to stop; after that nothing more can be begun."""
        self._interrupted.set()

    def go_on(self) -> None:
        """Raise `Interrupted` if the work is to stop: called where it can be undone or resumed."""
        if self._interrupted.is_set():
            raise Interrupted
        if self._origin is not None:
            self._origin.go_on()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold one of the turns at heavy work; waits for it, and raises as `go_on` does."""
        if self.turns is None:
            yield
            return
        while not self.turns.acquire(timeout=TURN_SECONDS):
            self.go_on()
        try:
            yield
        finally:
            self.turns.release()

    def close(self) -> None:
        """Let go of the store and the providers; what runs on the server stays."""
        for provider in self._providers.values():
            provider.close()
        self._providers.clear()
        if "store" in self.__dict__ and not self._borrows:
            self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
