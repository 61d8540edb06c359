"""The check type `sysctl`."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pydantic import GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from checkers.check import Check, CheckType, ask_all
from checkers.findings import Findings
from checkers.matchers import Matcher
from checkers.model import Program, Subject
from checkers.reading import good_output
from checkers.words import plain

_NAME = re.compile(r"net\.[A-Za-z0-9_.:/@-]{1,200}")


class Sysctl(CheckType):
    """A setting of the kernel's network has its value now.

        sysctl: {net.ipv4.ip_forward: 1}
        sysctl: {name: net.ipv4.ip_local_port_range, value: "1024 65535"}

    Any number of settings with the value that each must have (any matcher; several numbers of one
    setting are separated by one blank). What counts is what the kernel does now; whether a file
    sets it at boot shows in a check with `when: after-restart`. A setting that the kernel does not
    know fails. Only settings that begin with `net.` are a host's own; the others are the server's
    in a container, so they do not validate.

    Error: the program that reads settings did not run properly.
    """

    kind: ClassVar[str] = "sysctl"

    settings: dict[str, Matcher]

    @model_validator(mode="before")
    @classmethod
    def _from_short_forms(cls, data: Any) -> Any:
        if not isinstance(data, dict) or set(data) == {"settings"}:
            return data
        if set(data) == {"name", "value"}:
            return {"settings": {data["name"]: data["value"]}}
        return {"settings": data}

    @model_validator(mode="after")
    def _only_a_hosts_own(self) -> Sysctl:
        if not self.settings:
            raise ValueError("name a setting, such as `net.ipv4.ip_forward: 1`")
        for name in self.settings:
            if not _NAME.fullmatch(name):
                raise ValueError(
                    f"`{name}` cannot be checked: only settings that begin with `net.` are a "
                    f"host's own, the others are those of the server that it runs on"
                )
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The forms that people write, for editors: settings stand as keys of their own."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        value = schema["properties"]["settings"]["additionalProperties"]
        schema["properties"] = {"name": {"type": "string", "pattern": "^net\\."}, "value": value}
        schema["patternProperties"] = {"^net\\.": value}
        schema["minProperties"] = 1
        schema.pop("required", None)
        return schema

    def run(self, subject: Subject) -> Check:
        """Read each setting and compare its value."""
        names = tuple(self.settings)
        programs = [Program(subject.host, ("sysctl", "-n", name)) for name in names]
        results = yield from ask_all(*programs)
        findings = Findings()
        for name, program, result in zip(names, programs, results, strict=True):
            unknown = result.exit == 1 and b"cannot stat /proc/sys/net/" in result.stderr
            if unknown:
                findings.miss(expected=plain(name), found=f"the kernel has no {plain(name)}")
                continue
            value = b" ".join(good_output(program.argv, result).split())
            findings.compare(plain(name), self.settings[name], _plain_number(value))
        return findings.verdict()


def _plain_number(value: bytes) -> str | int:
    text = value.decode("utf-8", "replace")
    return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else text
