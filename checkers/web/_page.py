"""What a `page` check may expect of a page, as lab files give it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from checkers.browsing import Step
from checkers.matchers import Matcher, Text

Impact = Literal["minor", "moderate", "serious", "critical"]
IMPACTS: tuple[Impact, ...] = ("minor", "moderate", "serious", "critical")
"""How grave axe-core holds a problem to be, the least first."""

Selector = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]
Property = Annotated[str, StringConstraints(pattern=r"^(--)?[a-z][a-z-]*$", max_length=60)]
Attribute = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
Width = Annotated[int, Field(ge=240, le=2560)]
Key = Literal[
    "Tab", "Enter", "Escape", "Space", "ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown",
    "Home", "End", "Backspace", "Delete",
]  # fmt: skip
Demand = Literal["own", "answered"]


def _as_list(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Demands = Annotated[tuple[Demand, ...], BeforeValidator(_as_list), Field(min_length=1)]
Widths = Annotated[tuple[Width, ...], Field(min_length=1, max_length=6)]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Typing(_Form):
    """What is typed, and the field that it is typed into."""

    into: Selector
    text: Text


class Act(_Form):
    """One thing done on the page; exactly one of the four."""

    click: Selector | None = None
    type: Typing | None = None
    press: Key | None = None
    wait: Selector | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Act:
        if len(self.model_fields_set) != 1:
            raise ValueError("expected exactly one of `click`, `type`, `press`, `wait`")
        return self

    @property
    def step(self) -> Step:
        """The same as the browser's driver takes it."""
        if self.type is not None:
            return Step("type", self.type.into, self.type.text)
        if self.press is not None:
            return Step("press", text=self.press)
        if self.click is not None:
            return Step("click", self.click)
        return Step("wait", self.wait or "")

    @property
    def said(self) -> str:
        """The same in words: click on `#menu`."""
        if self.type is not None:
            return f"type into `{self.type.into}`"
        if self.press is not None:
            return f"press the key {self.press}"
        return f"click on `{self.click}`" if self.click else f"wait for `{self.wait}`"


class Wanted(_Form):
    """What a selector has to find, and what has to hold for it."""

    selector: Selector
    count: Matcher | None = None
    any: bool = False
    visible: bool | Literal["either"] = True
    text: Matcher | None = None
    name: Matcher | None = None
    role: Matcher | None = None
    styles: dict[Property, Matcher] = Field(default_factory=dict)
    attributes: dict[Attribute, Matcher] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _makes_sense(self) -> Wanted:
        asked = self.model_fields_set - {"selector", "count"}
        if self.count == 0 and asked:
            raise ValueError("nothing can be said of elements that must not be there (`count: 0`)")
        return self


class Keyboard(_Form):
    """What the Tab key has to do; at least one."""

    reaches: Annotated[tuple[Selector, ...], Field(min_length=1, max_length=40)] | None = None
    focus_visible: Literal[True] | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> Keyboard:
        if self.reaches is None and self.focus_visible is None:
            raise ValueError("say what is expected: `reaches` or `focus_visible: true`")
        return self
