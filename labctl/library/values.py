"""Parameters as other parts see them: JSON values, text in templates, variables of scripts."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from labctl.library.subnets import Subnet

_VARIABLE = re.compile(r"LAB_[A-Z][A-Z0-9_]*\Z")


def as_text(value: Any) -> str:
    """A value as part of a text: booleans as `true`, lists joined by blanks."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return " ".join(as_text(item) for item in value)
    return str(value)


def as_json(value: Any) -> Any:
    """A value in JSON terms: subnets as text, tuples as lists.

    Raises `ValueError` for what is no value (a function, an undefined name).
    """
    if isinstance(value, Subnet):
        return str(value)
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {as_text(key): as_json(item) for key, item in value.items()}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if callable(value):
        raise ValueError("this is a function; call it, as in `host(1)`")  # noqa: TRY004
    raise ValueError(f"a {type(value).__name__} cannot be used as a value")


def variable_names(name: str, value: Any) -> tuple[str, ...]:
    """The shell variables that the parameter `name` gives rise to."""
    base = f"LAB_{name.upper()}"
    if isinstance(value, Subnet):
        return (base, f"{base}_NETWORK", f"{base}_PREFIXLEN", f"{base}_NETMASK")
    return (base,)


def variables(values: Mapping[str, Any]) -> dict[str, str]:
    """The shell variables of all values: `port` becomes `LAB_PORT`.

    A subnet also gives `_NETWORK`, `_PREFIXLEN` and `_NETMASK`; lists are joined by blanks.
    """
    result: dict[str, str] = {}
    for name, value in values.items():
        texts = [as_text(value)]
        if isinstance(value, Subnet):
            texts += [value.network, str(value.prefixlen), value.netmask]
        result.update(zip(variable_names(name, value), texts, strict=True))
    return result


def shell_prelude(values: Mapping[str, str]) -> bytes:
    """Assignments of unexported shell variables, to be sent to a shell before a script.

    Raises `ValueError` for a name that is no `LAB_` variable, and for a NUL in a value, which no
    shell can hold.
    """
    lines = []
    for name, value in values.items():
        if not _VARIABLE.match(name):
            raise ValueError(f"`{name}` is no variable of a lab")
        if "\0" in value:
            raise ValueError(f"the value of `{name}` holds a NUL")
        lines.append(f"{name}={shlex.quote(value)}\n")
    return "".join(lines).encode()
