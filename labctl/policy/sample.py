"""A policy file to begin with: every setting as by default, with what it means beside it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from labctl.policy.rules import Policy
from labctl.policy.shape import PolicyFile, as_data

_HEAD = """\
# The centre's rules. `labctl policy check` says whether this file is right, `labctl policy show`
# what holds. All of it is as by default: what you take out stays so, what you change holds for
# the sessions that begin from then on.
"""


def sample() -> str:
    """The text of `policy.yaml` with all the defaults in it, and comments."""
    return "\n".join([_HEAD, *_lines(PolicyFile, as_data(Policy()), "")]) + "\n"


def _lines(model: type[BaseModel], data: dict[str, Any], indent: str) -> list[str]:
    lines = []
    for name, value in data.items():
        field = model.model_fields[name]
        if field.description:
            lines.append(f"{indent}# {field.description}")
        if isinstance(value, dict):
            inner: Any = field.annotation
            if not field.description and not indent:
                lines.append(f"# {(inner.__doc__ or name).splitlines()[0]}")
            lines += [f"{indent}{name}:", *_lines(inner, value, f"{indent}  ")]
        else:
            lines.append(f"{indent}{name}: {_spelled(value)}")
    return lines


def _spelled(value: Any) -> str:
    return f"[{', '.join(value)}]" if isinstance(value, list) else str(value)
