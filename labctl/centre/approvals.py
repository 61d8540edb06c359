"""Which versions of labs somebody approved for assessment.

What is approved is a digest: the lab's files as they are. A file that changes afterwards makes
another version of the lab, which nobody has approved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UsageError
from labctl.store import Event, Mode, Store, moment
from labctl.store.chain import damaged

if TYPE_CHECKING:
    from labctl.library.planning import Lab
    from labctl.sessions.controller import Controller

CHECKLIST = (
    "The sheets say all that a candidate needs, and nothing that gives an answer away.",
    "The three variants ask the same of everybody.",
    "The work can be done in the time that the lab allows.",
    "The marks fit the criteria that the lab gives evidence towards.",
    "Every verdict of the lab's verification was as expected, with the lab as it is now.",
)
"""What somebody who approves a lab has to say yes to."""


@dataclass(frozen=True, slots=True)
class Approval:
    """A version of a lab, and who approved it when (UTC).

    `confirmed` is the checklist as it was then, `report` the digest of the verification's report
    in the store, where one was shown.
    """

    lab: str
    digest: str
    by: str
    at: str
    confirmed: tuple[str, ...]
    report: str | None


def approvals(store: Store) -> tuple[Approval, ...]:
    """Every approval on record, in order."""
    return tuple(_approval(event) for event in store.centre_events("lab"))


def approved(store: Store, digest: str) -> Approval | None:
    """The last approval of exactly this version of a lab; None if nobody has approved it."""
    return next((each for each in reversed(approvals(store)) if each.digest == digest), None)


def last_approvals(store: Store) -> dict[str, Approval]:
    """Lab → its last approval, of whatever version."""
    return {each.lab: each for each in approvals(store)}


def approve(
    controller: Controller, lab: Lab, confirmed: Sequence[str], report: bytes | None = None
) -> Approval:
    """Record that a lab as it is now is fit for assessment; `report` is kept with it.

    Raises `UsageError` unless everything on the checklist is confirmed, `NotPermitted`.
    """
    permit(controller, Act.APPROVE)
    open_ones = [each for each in CHECKLIST if each not in confirmed]
    if open_ones:
        raise UsageError(
            f"`{lab.id}` is not approved, since this was not confirmed: {open_ones[0]}",
            "Nothing was recorded. Mend the lab, verify it, then approve it.",
        )
    store = controller.store
    blobs = [] if report is None else [store.put_blob(report)]
    data = {"lab": lab.id, "digest": lab.digest, "confirmed": list(CHECKLIST), "blobs": blobs}
    return _approval(store.record("lab.approved", data, controller.actor))


def lacking(store: Store, lab: Lab) -> str:
    """That nobody approved this version of a lab, as a sentence; empty if somebody did."""
    if approved(store, lab.digest) is not None:
        return ""
    before = last_approvals(store).get(lab.id)
    if before is None:
        return f"Nobody has approved `{lab.id}` as it is now for assessment."
    day = moment(before.at).astimezone().date()
    return (
        f"{before.by} approved `{lab.id}` on {day}, but it has changed: "
        f"nobody has approved `{lab.id}` as it is now for assessment."
    )


def demand_approved(controller: Controller, lab: Lab, mode: Mode) -> None:
    """Raise `UsageError` where the centre's policy wants an approval that the lab lacks."""
    if mode == "practice" or controller.policy.approved_labs != "required":
        return
    why = lacking(controller.store, lab)
    if why:
        raise UsageError(
            f"{why} The centre's policy demands it (`approved_labs: required`).",
            f"`labctl labs approve {lab.id}` does it; with `--practice` it starts without.",
        )


def _approval(event: Event) -> Approval:
    data = event.data
    try:
        return Approval(
            lab=str(data["lab"]),
            digest=str(data["digest"]),
            by=event.actor,
            at=event.at,
            confirmed=tuple(data["confirmed"]),
            report=next(iter(data["blobs"]), None),
        )
    except (KeyError, TypeError) as error:
        raise damaged(event) from error
