"""The one tree of errors that labctl shows to people.

    LabctlError                 anything a person can do something about; exit code 1
    ├── UsageError              the command was asked for something that is not there; exit code 2
    │   ├── UnknownName         no such lab, session, host …; carries the nearest names
    │   └── NotPermitted        whoever runs the command has no role that may do this
    ├── LabFileError            a lab or policy file is wrong; carries every finding; exit code 3
    ├── RosterError             a roster has mistakes; carries every one; exit code 3
    ├── ProviderError           Docker, an image, the fabric; exit code 4
    │   └── ProviderUnavailable the provider cannot be used at all on this server
    ├── StoreError              the record cannot be read or written; exit code 5
    └── OwnFault                a fault of labctl's own, told of one of several; exit code 70

A message says what happened and where, the hint what to do next. The exit code lives on the error,
so that the command line has one place that ends a process.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class LabctlError(Exception):
    """Something went wrong that a person can act on: `message`, and `hint` for what to do next."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(LabctlError):
    """The command asks for something that cannot be done as asked."""

    exit_code = 2


class UnknownName(UsageError):
    """There is no `what` called `name`; the hint names the nearest that exist."""

    def __init__(self, what: str, name: str, known: Iterable[str], listing: str = "") -> None:
        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        if near:
            hint = "Did you mean " + " or ".join(f"`{other}`" for other in near) + "?"
        elif listing:
            hint = f"`{listing}` shows what there is."
        else:
            hint = ("Known: " + ", ".join(names)) if names else f"There is no {what} yet."
        super().__init__(f"No {what} is called `{name}`.", hint)
        self.name = name


class NotPermitted(UsageError):
    """The account that runs the command has no role that may do this."""


class RosterError(LabctlError):
    """A roster has mistakes; the message lists them all, one a line."""

    exit_code = 3


class LabFileError(LabctlError):
    """A lab file, or a policy, has mistakes; the message lists them all, one a line."""

    exit_code = 3


class ProviderError(LabctlError):
    """The provider of lab hosts could not do what was asked of it."""

    exit_code = 4


class ProviderUnavailable(ProviderError):
    """The provider cannot be used on this server: missing, not running or not permitted."""


class StoreError(LabctlError):
    """The record could not be read or written."""

    exit_code = 5


class OwnFault(LabctlError):
    """A fault of labctl's own, told as an error so that it ends nothing beside it."""

    exit_code = 70
