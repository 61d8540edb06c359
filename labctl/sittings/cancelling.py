"""A sitting that is not to be: planned by mistake, or called off. Its log stays."""

from __future__ import annotations

from labctl.centre.roles import Act
from labctl.centre.staff import permit
from labctl.errors import UsageError
from labctl.served import served
from labctl.sessions.controller import Controller
from labctl.sessions.said import fit
from labctl.sittings.model import Sitting, Stage
from labctl.sittings.reading import demand_open, load
from labctl.sittings.recording import Recorder, held

CANCELLED = "sitting.cancelled"


@served
def cancel(controller: Controller, code: str, why: str) -> Sitting:
    """Call a sitting off; raises `UsageError` for one that somebody has begun."""
    permit(controller, Act.PLAN)
    reason = fit(controller.store, why, "reason")
    with held(controller, code):
        sitting = load(controller.store, code)
        demand_open(sitting)
        if sitting.sessions:
            raise UsageError(
                f"Sitting `{code}` has begun: {', '.join(sitting.sessions)}.",
                "`labctl void SESSION --reason WHY` takes back a session; "
                f"`labctl sitting end {code}` ends the sitting.",
            )
        Recorder(controller, code, Act.PLAN).note(CANCELLED, {"why": reason}, Stage.CANCELLED)
    return load(controller.store, code)
