"""The check type `password_policy`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from checkers.check import Asking, Check, CheckType
from checkers.findings import Findings
from checkers.linux._accounts import SHADOW, accounts
from checkers.linux._pam import OPTIONS_OF, options_of
from checkers.linux._shadow import NEVER, Ageing, ageing_of
from checkers.linux.user import Name
from checkers.matchers import Matcher
from checkers.model import Subject
from checkers.reading import system_file, unobserved
from checkers.words import plain, quoted

LOGIN_DEFS = b"/etc/login.defs"

Option = Annotated[str, StringConstraints(pattern=r"^[a-z_]{2,40}$")]


def _day(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _proper_day(text: str) -> str:
    if text != "never":
        date.fromisoformat(text)
    return text


Expiry = Annotated[str, BeforeValidator(_day), AfterValidator(_proper_day)]
"""A day such as `2026-12-31`, or `never`."""


class Days(BaseModel):
    """Days of a password's life; any of them may be left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_days: Matcher | None = None
    min_days: Matcher | None = None
    warn_days: Matcher | None = None


class PasswordPolicy(CheckType, Days):
    """How long passwords last and how good they must be: for a user, new users, or everybody.

        password_policy: {user: amy, max_days: 90, min_days: 1, warn_days: {min: 7}}
        password_policy: {user: temp1, expires: 2026-12-31, must_change: true}
        password_policy: {new_users: {max_days: {max: 90}, warn_days: 14}}
        password_policy: {quality: {minlen: {min: 12}, dcredit: {max: -1}}}
        password_policy: {lockout: {deny: {max: 5}, unlock_time: {min: 600}}}

    With `user` the fields of /etc/shadow are judged, as `chage -l` shows them: the days after which
    a password has to be changed (`max_days`) and may be (`min_days`), how long before that a
    warning is given (`warn_days`), how long after it the account goes on (`inactive`); any matcher,
    and a field that is not set fits none. `expires` is the day on which the account ends, or
    `never`; `must_change: true` wants a change forced at the next login. `new_users` is what
    useradd gives an account that is made from now on (PASS_MAX_DAYS and so on in /etc/login.defs).

    `quality` and `lockout` are the options of pam_pwquality and pam_faillock: the service's PAM
    stack (passwd, and login) has to use the module in such a way that its word counts, and each
    option, from its own line or else from pwquality.conf or faillock.conf, has to fit. An option
    that is set nowhere has the module's own standard value.

    Error: the files cannot be read whole.
    """

    kind: ClassVar[str] = "password_policy"

    user: Name | None = None
    inactive: Matcher | None = None
    expires: Expiry | None = None
    must_change: bool | None = None
    new_users: Days | None = None
    quality: Annotated[Mapping[Option, Matcher], Field(min_length=1)] | None = None
    lockout: Annotated[Mapping[Option, Matcher], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> PasswordPolicy:
        fields = {"max_days", "min_days", "warn_days", "inactive", "expires", "must_change"}
        about_user = fields & self.model_fields_set
        if bool(about_user) != (self.user is not None):
            raise ValueError("`user` goes with `max_days`, `expires` and the like")
        if self.new_users is not None and not self.new_users.model_fields_set:
            raise ValueError("say what new users are to get")
        if not (self.user or self.new_users or self.quality or self.lockout):
            raise ValueError("say what is expected: of a `user`, `new_users`, `quality`, `lockout`")
        for module, given in (("pwquality", self.quality), ("faillock", self.lockout)):
            unknown = set(given or ()) - OPTIONS_OF[module].keys()
            if unknown:
                raise ValueError(f"pam_{module} has no option `{min(unknown)}`")
        return self

    def run(self, subject: Subject) -> Check:
        """Read the files that count and compare them."""
        findings = Findings()
        if self.user is not None:
            yield from self._compare_user(findings, subject.host, self.user)
        if self.new_users is not None:
            yield from self._compare_new(findings, subject.host, self.new_users)
        if self.quality is not None:
            yield from self._compare_module(findings, subject.host, "pwquality", self.quality)
        if self.lockout is not None:
            yield from self._compare_module(findings, subject.host, "faillock", self.lockout)
        return findings.verdict()

    # ------------------------------------------------------------------ a user

    def _compare_user(self, findings: Findings, host: str, user: str) -> Asking[None]:
        known = yield from accounts(host)
        name = plain(user)
        content = yield from system_file(host, SHADOW, 4 << 20)
        ageing = ageing_of(content, user)
        there = user in known.users and ageing is not None
        findings.note(
            there,
            expected=f"user {name} with a password of its own",
            found=f"user {name}" if there else f"no user {name} in passwd and shadow",
        )
        if ageing is None or not there:
            return
        for said, wanted, value in (
            ("max_days", self.max_days, ageing.max_days),
            ("min_days", self.min_days, ageing.min_days),
            ("warn_days", self.warn_days, ageing.warn_days),
            ("inactive", self.inactive, ageing.inactive),
        ):
            if wanted is not None:
                findings.compare(f"{said} of {name}", wanted, value)
        self._compare_dates(findings, name, ageing)

    def _compare_dates(self, findings: Findings, name: str, ageing: Ageing) -> None:
        if self.expires is not None:
            ends = "never"
            if ageing.expires is not None:
                ends = (date(1970, 1, 1) + timedelta(days=min(ageing.expires, NEVER))).isoformat()
            findings.note(
                ends == self.expires,
                expected=f"account {name} to end {_when(self.expires)}",
                found=f"it ends {_when(ends)}",
            )
        if self.must_change is not None:
            forced = ageing.changed == 0
            findings.note(
                forced == self.must_change,
                expected=f"{name} {'' if self.must_change else 'not '}to change the password first",
                found=f"{'a' if forced else 'no'} change is forced at the next login",
            )

    # ------------------------------------------------------------------ everybody

    def _compare_new(self, findings: Findings, host: str, wanted: Days) -> Asking[None]:
        settings: dict[bytes, bytes] = {}
        for line in (yield from system_file(host, LOGIN_DEFS, 1 << 18)).split(b"\n"):
            words = line.split()
            if len(words) >= 2 and not words[0].startswith(b"#"):
                settings[words[0]] = words[1]  # the last one counts (shadow's getdef.c)
        if not settings:
            raise unobserved(f"{plain(LOGIN_DEFS)} of {host} sets nothing at all")
        for key, matcher in (
            (b"PASS_MAX_DAYS", wanted.max_days),
            (b"PASS_MIN_DAYS", wanted.min_days),
            (b"PASS_WARN_AGE", wanted.warn_days),
        ):
            if matcher is not None:
                text = settings.get(key, b"").decode("ascii", "replace")
                value = int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None
                findings.compare(f"{key.decode()} of new users", matcher, value)

    def _compare_module(
        self,
        findings: Findings,
        host: str,
        module: Literal["pwquality", "faillock"],
        wanted: Mapping[str, Matcher],
    ) -> Asking[None]:
        found = yield from options_of(host, module)
        findings.note(
            not found.trouble,
            expected=f"pam_{module} in force",
            found=found.trouble or f"it is used in {quoted(found.place)}",
        )
        if not found.trouble:
            for name, matcher in wanted.items():
                findings.compare(f"{name} of pam_{module}", matcher, found.options[name])


def _when(day: str) -> str:
    return day if day == "never" else f"on {day}"
