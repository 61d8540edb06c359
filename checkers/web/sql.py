"""The check type `sql`."""

from __future__ import annotations

import json
import re
from ipaddress import ip_address
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    Field,
    JsonValue,
    StringConstraints,
    TypeAdapter,
    model_validator,
)

from checkers.check import Asking, Check, CheckType, ask, failed, passed
from checkers.findings import OWN_HOST_ONLY, Findings
from checkers.lab_names import HostName
from checkers.matchers import Matcher, Value, holds, shown, spoken
from checkers.model import Blame, Flow, Phase, Program, ProgramResult, Subject, Verdict
from checkers.network._ip import HostAddress
from checkers.network._names import resolve
from checkers.network._witness import ANSWERED_ELSEWHERE, FarEnd, far_end, why_nothing_left
from checkers.reading import structured, unobserved, whole
from checkers.words import listed, plain, quoted

CONNECT_SECONDS = 4
QUERY_SECONDS = 5
MOST_ROWS = 1000

_READS = re.compile(r"(select|with|values|table)\b", re.IGNORECASE)
_ROWS = TypeAdapter(list[dict[str, JsonValue]])


def _query(text: str) -> str:
    text = text.strip().rstrip(";").rstrip()
    if not _READS.match(text) or "\0" in text:
        raise ValueError("only a query that reads can be asked here: SELECT, WITH, VALUES, TABLE")
    return text


Query = Annotated[str, StringConstraints(min_length=1, max_length=8000), AfterValidator(_query)]
Word = Annotated[str, StringConstraints(pattern=r"^[^\x00]{1,200}$")]
Column = Annotated[str, StringConstraints(pattern=r"^[^\x00]{1,63}$")]
Row = dict[Column, Matcher]


class Sql(CheckType):
    """A PostgreSQL database answers a query as expected.

        sql:
          server: db.lab
          database: shop
          user: examiner
          password: "{{ secret }}"
          query: select name, email from orders where id > 10 order by id
          rows: [{name: "O'Brien", email: ob@mail.lab}, {name: Chen}]
        sql: {server: 10.2.0.20, database: shop, user: shop, query: "table orders", count: {min: 3}}
        sql: {server: db.lab, database: shop, user: app, query: "table staff", refused: query}

    The connection is made over the network from the check's `from:` host, to the server's name
    (looked up as that host would) or address, on port 5432 unless said otherwise. The query has to
    be one that reads; it runs in a read-only transaction, within 5 seconds, and may give 1000 rows.
    Expected is at least one of

    - `rows`: exactly these rows, in this order. For each column named there is a matcher; columns
      that are not named may be anything.
    - `has`: for each of these there is a row that fits. `lacks`: for none of these there is.
    - `count`: matcher for the number of rows.
    - `value`: matcher for the one value of an answer of one row and one column.

    or nothing but `refused: query`: the server lets the user in, but not see this; or
    `refused: login`: it does not let the user in. NULL fits no matcher. Numbers are numbers,
    dates and the like are texts as PostgreSQL writes them in JSON.

    The connection must have been seen at the host that has the address (or at `at`, as in `ping`),
    unless a host is asked about its own server: then the verdict is flagged.

    Error: psql did not run properly, or no answer came and nothing shows that a connection was
    tried.
    """

    kind: ClassVar[str] = "sql"
    phase: ClassVar[Phase] = Phase.BEHAVIOUR

    server: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:-]{1,253}$")]
    port: int = Field(default=5432, ge=1, le=65535)
    address: HostAddress | None = None
    at: HostName | None = None
    database: Word
    user: Word
    password: Word | None = None
    query: Query
    rows: Annotated[tuple[Row, ...], Field(min_length=1)] | None = None
    has: tuple[Row, ...] = ()
    lacks: tuple[Row, ...] = ()
    count: Matcher | None = None
    value: Matcher | None = None
    refused: Literal["login", "query"] | None = None

    @model_validator(mode="after")
    def _expects_something(self) -> Sql:
        wanted = (self.rows, self.count, self.value)
        any_rows = any(one is not None for one in wanted) or bool(self.has or self.lacks)
        if any_rows == (self.refused is not None):
            raise ValueError(
                "say what is expected: `rows`, `has`, `lacks`, `count` or `value`; "
                "or `refused` alone"
            )
        if any(not row for row in (*(self.rows or ()), *self.has, *self.lacks)):
            raise ValueError("a row without columns expects nothing")
        return self

    @property
    def _said(self) -> str:
        return plain(f"{self.database} on {self.server}:{self.port}")

    def run(self, subject: Subject) -> Check:
        """Connect, ask, and compare the rows."""
        address, trouble = yield from _look_up(subject, self.address or self.server)
        if not address:
            return failed(expected=f"an answer from {self._said}", found=trouble)
        end = yield from far_end(subject, address, self.at)
        probe = self._program(subject.source, address)
        result = whole(probe.argv, (yield from ask(probe)))
        flags = (OWN_HOST_ONLY,) if end.own and subject.source == subject.host else ()
        answered = result.exit != 2 or b"FATAL:" in result.stderr
        elsewhere = "" if flags or not answered else end.trouble(result.sightings)
        if elsewhere:
            expected = f"an answer from {self._said}"
            return failed(expected=expected, found=elsewhere, flags=(ANSWERED_ELSEWHERE,))
        if result.exit in {1, 2}:
            return (yield from self._not_answered(end, result, flags))
        rows = _read(result)
        if self.refused is not None:
            found = f"it answers with {len(rows)} rows"
            return failed(expected=self._refusing, found=found, flags=flags)
        findings = Findings(flags=list(flags))
        self._compare(findings, rows)
        return findings.verdict()

    @property
    def _refusing(self) -> str:
        what = "a login" if self.refused == "login" else "the query"
        return f"{self._said} refusing {what} of {plain(self.user)}"

    def _program(self, source: str, address: str) -> Program:
        """The psql command line; what it is given is one argument each."""
        said = {
            "host": self.server,
            "hostaddr": address,
            "port": str(self.port),
            "dbname": self.database,
            "user": self.user,
            "password": self.password or "",
            "connect_timeout": str(CONNECT_SECONDS),
            "client_encoding": "UTF8",
            "gssencmode": "disable",
            "options": "-c default_transaction_read_only=on "
            f"-c statement_timeout={QUERY_SECONDS * 1000}",
        }
        connection = " ".join(f"{name}={_quoted(value)}" for name, value in said.items())
        # As a subquery it cannot be one that writes, whatever it begins with (PostgreSQL, SELECT).
        # The query is the lab author's, not a candidate's (S608).
        text = (
            "SELECT coalesce(json_agg(found), '[]') FROM (SELECT * FROM (\n"  # noqa: S608
            f"{self.query}\n) AS asked LIMIT {MOST_ROWS + 1}) AS found"
        )
        argv = (
            "psql", "-X", "-A", "-t", "-q", "-w", "-v", "ON_ERROR_STOP=1",
            "-v", "VERBOSITY=verbose", "-d", connection, "-c", text,
        )  # fmt: skip
        flow = Flow("tcp", address, self.port)
        seconds = CONNECT_SECONDS + QUERY_SECONDS + 4.0
        return Program(source, argv, timeout=seconds, flow=flow)

    def _not_answered(
        self, end: FarEnd, result: ProgramResult, flags: tuple[str, ...]
    ) -> Asking[Verdict]:
        """What it means that there are no rows; not observed if psql itself is in trouble."""
        text = result.stderr.decode("utf-8", "replace").strip()
        if result.exit == 2 and text.startswith("psql: error: connection to server"):
            trouble = text.rpartition("failed: ")[2].partition("\n")[0]
            if "timeout expired" in text and not (end.own or end.left(result.sightings)):
                trouble = yield from why_nothing_left(end)
            refused = self.refused == "login" and any(one in text for one in _LOGIN_REFUSED)
        else:
            error = _ERROR.match(text)
            if error is None or result.exit != 1:
                raise unobserved(f"`psql` ended with {result.exit}: {text or 'no output'}")
            trouble = error["text"]
            refused = self.refused == "query" and error["state"] == _NO_PRIVILEGE
        found = f"{self._said}: {plain(trouble)}"
        if refused:
            return passed(expected=self._refusing, found=found, flags=flags)
        expected = self._refusing if self.refused else f"an answer from {self._said}"
        return failed(expected=expected, found=found, flags=flags)

    def _compare(self, findings: Findings, rows: list[dict[str, Any]]) -> None:
        query = quoted(self.query, 80)
        if self.count is not None:
            findings.compare(f"rows of {query}:", self.count, len(rows))
        if self.value is not None:
            one = [_value(found) for row in rows for found in row.values()]
            if len(one) == 1:
                findings.compare(f"the value of {query}:", self.value, one[0], empty=True)
            else:
                shape = f"{len(rows)} rows with {len(one)} values in all"
                findings.miss(expected=f"one value from {query}", found=shape)
        shows = listed((_shown_row(row, self._named) for row in rows), none="no rows", most=5)
        if self.rows is not None:
            ok = len(rows) == len(self.rows) and all(map(_fits, self.rows, rows))
            wanted = listed(map(_spoken_row, self.rows), most=5)
            findings.note(ok, expected=f"exactly {wanted} from {query}", found=shows)
        for row in self.has:
            ok = any(_fits(row, found) for found in rows)
            findings.note(ok, expected=f"{_spoken_row(row)} in {query}", found=shows)
        for row in self.lacks:
            bad = [found for found in rows if _fits(row, found)]
            ends = listed((_shown_row(one, self._named) for one in bad), none="none", most=3)
            findings.note(not bad, expected=f"no {_spoken_row(row)} in {query}", found=ends)

    @property
    def _named(self) -> frozenset[str]:
        """The columns that anything is expected of."""
        return frozenset(
            name for row in (*(self.rows or ()), *self.has, *self.lacks) for name in row
        )


_LOGIN_REFUSED = (
    "password authentication failed",
    "no pg_hba.conf entry",
    "pg_hba.conf rejects connection",
    "is not permitted to log in",
    "permission denied for database",
    "no password supplied",
)
"""What PostgreSQL says when it does not let somebody in."""

_NO_PRIVILEGE = "42501"
"""SQLSTATE of insufficient privilege (PostgreSQL, appendix A)."""

_ERROR = re.compile(r"\S+:\s+(?P<state>[0-9A-Z]{5}): (?P<text>.*)")


def _quoted(value: str) -> str:
    """A value in a connection string (PostgreSQL, 34.1.1.1)."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _look_up(subject: Subject, server: str) -> Asking[tuple[str, str]]:
    """The server's address and why there is none, one of them empty."""
    try:
        return str(ip_address(server)), ""
    except ValueError:
        found = yield from resolve(subject.source, server)
    return (found.addresses[0], "") if found.addresses else ("", found.trouble)


def _read(result: ProgramResult) -> list[dict[str, Any]]:
    if result.exit != 0:
        raise unobserved(f"`psql` ended with {result.exit}: {plain(result.stderr.strip())}")
    rows = structured(("psql",), result.stdout, _ROWS)
    if len(rows) > MOST_ROWS:
        raise unobserved(f"the query gives more than {MOST_ROWS} rows", Blame.HOST)
    return rows


def _value(found: JsonValue) -> Value:
    """A value of a row as something that can be compared; what has parts is their JSON."""
    return json.dumps(found) if isinstance(found, list | dict) else found


def _fits(wanted: Row, row: dict[str, Any]) -> bool:
    return all(
        name in row and holds(matcher, _value(row[name]), empty=True)
        for name, matcher in wanted.items()
    )


def _spoken_row(wanted: Row) -> str:
    return "(" + ", ".join(f"{plain(name)} {spoken(one)}" for name, one in wanted.items()) + ")"


def _shown_row(row: dict[str, Any], named: frozenset[str]) -> str:
    parts = (f"{plain(name)} {shown(_value(row[name]))}" for name in row if name in named)
    return "(" + ", ".join(parts) + ")"
