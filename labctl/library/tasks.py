"""The shape of the parts of a lab file that say what is asked, how it is marked, and the cases."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from labctl.library.format import HostName, Id, LabPath, Name, Strict, Text, Variable
from labctl.library.quantities import Seconds

Marks = Annotated[float, Field(ge=0, le=1000)]

CheckId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)]
"""The identifier of a check or an aspect; repeated checks may carry a value in theirs."""

HostFile = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9-]*:/[^\0\n]*$"),
    Field(description="A file of a host of the lab: `HOST:/PATH`."),
]
"""A file on a host, `r1:/srv/change.md`."""


class Check(Strict):
    """A measured check; the one key that is no field of this model is its check type."""

    model_config = ConfigDict(extra="allow")

    id: CheckId
    title: Text | None = None
    host: Annotated[Name, Field(description="The host of the lab that the check is about.")]
    source: Annotated[
        Name | None, Field(alias="from", description="The host of the lab that it is tried from.")
    ] = None
    marks: Marks = 1
    feedback: Text | None = None
    needs: list[CheckId] = Field(default_factory=list)
    retry: Seconds | None = None
    timeout: Seconds | None = None
    criteria: list[Text] | None = None
    when: Literal["state", "behaviour", "after-restart"] | None = None
    visible: Literal["all", "assessor"] = "all"
    for_each: dict[Variable, Any] | None = None
    changes: bool = False
    ever: bool = False


GENERIC_KEYS = tuple(field.alias or name for name, field in Check.model_fields.items())
"""The keys that every check may have, whatever its type; `with` belongs to `python`."""


class AspectEvidence(Strict):
    """What is shown beside the scale; exactly one."""

    file: HostFile | None = None
    answer: Text | None = None
    screenshot: Text | None = None
    observed: Text | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> AspectEvidence:
        if len(self.model_fields_set) != 1:
            raise ValueError("expected exactly one of `file`, `answer`, `screenshot`, `observed`")
        return self


class Judged(Strict):
    """An aspect that a person marks on a scale."""

    id: CheckId
    title: Text
    evidence: AspectEvidence | None = None
    marks: Annotated[float, Field(gt=0, le=1000)]
    meets: Annotated[float, Field(gt=0)]
    scale: Annotated[dict[str, Text], Field(min_length=2)]
    criteria: list[Text] | None = None


class Question(Strict):
    """A question beside the checks. `answer` is what the program can compare, if it can."""

    id: CheckId
    text: Text
    options: Annotated[list[Text], Field(min_length=2)] | None = None
    answer: Any = None
    marks: Marks = 1
    criteria: list[Text] | None = None


class Task(Strict):
    """One task of the sheet."""

    id: Id
    title: Text
    brief: Text
    criteria: list[Text] = Field(default_factory=list)
    hints: list[Text] = Field(default_factory=list)
    checks: list[Check] = Field(default_factory=list)
    judged: list[Judged] = Field(default_factory=list)
    questions: list[Question] = Field(default_factory=list)


class Step(Strict):
    """One step of a case: a script on a host, a restart, or a physical act."""

    host: HostName | None = None
    script: LabPath | None = None
    restart: HostName | None = None
    hands: Id | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Step:
        given = self.model_fields_set
        if given not in ({"host", "script"}, {"restart"}, {"hands"}, {"hands", "host"}):
            raise ValueError("expected `host` and `script`, or `restart`, or `hands`")
        return self


class Expectation(Strict):
    """What the checks must make of a case."""

    outcome: Literal["achieved", "not-yet-achieved"] | None = None
    marks: Literal["all"] | Marks | None = None
    fails: list[CheckId] = Field(default_factory=list)
    passes: list[CheckId] = Field(default_factory=list)

    @model_validator(mode="after")
    def _not_empty(self) -> Expectation:
        if not self.model_fields_set:
            raise ValueError("expected at least one of `outcome`, `marks`, `fails`, `passes`")
        return self


class Case(Strict):
    """A way of doing the lab, with what must come out."""

    name: Id
    when: dict[Variable, str | int | float | bool] = Field(default_factory=dict)
    apply: dict[HostName, LabPath] = Field(default_factory=dict)
    steps: list[Step] = Field(default_factory=list)
    judged: dict[CheckId, Marks] = Field(default_factory=dict)
    expect: Expectation | None = None


class Attachment(Strict):
    """A file of the lab folder that the candidate is given."""

    file: LabPath
    title: Text | None = None
