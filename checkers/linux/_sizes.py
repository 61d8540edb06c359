"""Numbers of bytes as people write them."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

_SIZE = re.compile(r"([0-9]{1,15})\s*([KMGT]?)(i?B)?", re.IGNORECASE)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def _bytes(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = _SIZE.fullmatch(value.strip())
    if found is None:
        raise ValueError(f"`{value}` is no size such as 512K, 10M or 2G")
    return int(found[1]) * 1024 ** _POWERS[found[2].upper()]


Size = Annotated[
    int,
    BeforeValidator(_bytes),
    Field(ge=0),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0},
                {"type": "string", "pattern": "^[0-9]+ ?[KMGTkmgt]?i?B?$"},
            ]
        }
    ),
]
"""A number of bytes, or a text such as `512K`, `10M`, `2G` (powers of 1024)."""
