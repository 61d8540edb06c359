"""The check type `script_behaviour`."""

from __future__ import annotations

import io
import re
import shlex
import tarfile
from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    StringConstraints,
    field_validator,
    model_validator,
)

from checkers.check import Asking, Check, CheckType, ask, ask_all, failed
from checkers.findings import INSIDE_ONLY, Findings
from checkers.linux._accounts import accounts
from checkers.linux._attributes import GONE, Path, described
from checkers.linux.command import Argv
from checkers.linux.user import Name
from checkers.matchers import Matcher
from checkers.model import Blame, File, Inside, Phase, ProgramResult, Subject
from checkers.reading import NOT_RUN, content_of, spelled, unobserved
from checkers.words import plain, quoted

LIMIT = 1 << 20
LARGEST_FILE = 16 << 20
"""Bytes of one file that a script may write."""
FOLDER = "{dir}"
TEMPLATE = "/tmp/try-XXXXXXXXXX"  # noqa: S108  # mktemp(1) makes the name and the folder
_SCRATCH = re.compile(rb"/tmp/try-[A-Za-z0-9]{10}\n")
_TIMED_OUT = (124, 137)
"""Statuses of timeout(1) for a program that had to be ended."""


def _relative(text: str) -> str:
    parts = text.split("/")
    if "\0" in text or text.startswith("/") or any(part in ("", ".", "..") for part in parts):
        raise ValueError(f"`{text}` is no path inside the folder that the script runs in")
    return text


Inner = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_relative)]
"""A path relative to the folder that the script is run in."""


class Example(BaseModel):
    """One run of the script: what it is given, and what is to come of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    args: tuple[Annotated[str, StringConstraints(max_length=4096)], ...] = Field(
        default=(), max_length=100
    )
    stdin: Annotated[str, StringConstraints(max_length=LIMIT)] = ""
    files: Mapping[Inner, str] = Field(default_factory=dict, max_length=50)
    exit: Matcher = 0
    stdout: Matcher | None = None
    stderr: Matcher | None = None
    silent: bool = False
    makes: Mapping[Inner, Matcher] = Field(default_factory=dict, max_length=50)
    keeps: tuple[Inner, ...] = ()
    lacks: tuple[Inner, ...] = ()

    @field_validator("args", mode="before")
    @classmethod
    def _numbers_too(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(shlex.split(value))
        if isinstance(value, list | tuple):
            return tuple(str(one) if isinstance(one, int) else one for one in value)
        return value

    @model_validator(mode="after")
    def _expects_something(self) -> Example:
        expecting = {"exit", "stdout", "stderr", "silent", "makes", "keeps", "lacks"}
        if not self.model_fields_set & expecting:
            raise ValueError("say what is expected: `stdout`, `exit`, `makes` …")
        if self.silent and self.stdout is not None:
            raise ValueError("give either `stdout` or `silent`")
        for name in self.keeps:
            if name not in self.files:
                raise ValueError(f"`keeps` names `{name}`, which is not among `files`")
        if any("\0" in word for word in self.args):
            raise ValueError("no argument can hold a zero byte")
        return self

    def archive(self) -> bytes:
        """The files that the script is given, as an archive for tar(1)."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for name, text in self.files.items():
                data = text.encode("utf-8", "surrogateescape")
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(data), 0o644
                archive.addfile(entry, io.BytesIO(data))
        return buffer.getvalue()


class ScriptBehaviour(CheckType):
    r"""A script does what it should with inputs that its author has not seen.

        script_behaviour: {script: /home/amy/count.sh, user: amy, examples: [
          {args: [words.txt], files: {words.txt: "a b a\n"}, stdout: "2"},
          {args: [no-such-file], exit: {min: 1}, stderr: {contains: no-such-file}},
          {stdin: "x y\n", makes: {report.txt: {contains: "2 words"}}, silent: true}]}

    Each example runs the script once, in a folder of its own that is empty but for `files` (path
    and content, relative to it) and removed afterwards, with `args` and `stdin`. `{dir}` in an
    argument stands for that folder. It is run as `user` (default nobody, never root), one example
    after the other, for at most `limit` seconds (default 10); it may write files of up to 16 MiB.
    `with` is the program that runs it, such as `[bash]` or `[python3]`; without it the script has
    to be executable and name its interpreter itself.

    Of an example `exit` (0 unless said otherwise), `stdout` and `stderr` are any matcher;
    `silent: true` wants no output. `makes` are files that are there afterwards, each with a matcher
    for its content; `keeps` are given files whose content is still the same; `lacks` are files that
    are not there. A script that is missing, cannot be run, does not end in time or prints without
    end fails. Give examples with blanks in names, empty input and none at all: what works for the
    one example in the brief often works for that alone.

    The script runs in the candidate's system, so its verdict is flagged `seen from inside only`;
    what it made is read from beside.

    Error: the folder cannot be made, filled or removed with the host's own programs.
    """

    kind: ClassVar[str] = "script_behaviour"
    phase: ClassVar[Phase] = Phase.BEHAVIOUR

    script: Path
    user: Name = "nobody"
    with_: Argv | None = Field(default=None, alias="with")
    limit: StrictInt = Field(default=10, ge=1, le=60)
    examples: Annotated[tuple[Example, ...], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _not_root(self) -> ScriptBehaviour:
        if self.user == "root":
            raise ValueError("a candidate's script is never run as root; name another `user`")
        return self

    def run(self, subject: Subject) -> Check:
        """Run every example and compare what came of it."""
        known = yield from accounts(subject.host)
        account = known.users.get(self.user)
        if account is None or account.uid == 0:
            found = "has the rights of root" if account else "does not exist"
            user = plain(self.user)
            return failed(expected=f"an ordinary user {user}", found=f"{user} {found}")
        script = yield from ask(File(subject.host, self.script.encode("utf-8", "surrogateescape")))
        if script.type != "file":
            if script.type is None and script.why not in GONE:
                raise unobserved(f"{plain(self.script)} cannot be looked for: {script.why}")
            return failed(expected=f"a script at {plain(self.script)}", found=described(script))
        folders = yield from self._folders(subject.host, account.uid)
        findings = Findings(flags=[INSIDE_ONLY])
        for number, (example, folder) in enumerate(zip(self.examples, folders, strict=True), 1):
            where = f"example {number}{self._told(example)}"
            result = yield from ask(self._probe(subject.host, example, folder))
            if self._compare_end(findings, where, example, result):
                yield from self._compare_files(findings, subject.host, where, example, folder)
        yield from self._quietly(
            *(self._inside(subject.host, "rm", "-rf", "--", folder) for folder in folders)
        )
        return findings.verdict()

    # ------------------------------------------------------------------ the folders

    def _inside(self, host: str, *argv: str, stdin: bytes = b"") -> Inside:
        return Inside(host, argv, self.user, stdin)

    def _folders(self, host: str, uid: int) -> Asking[list[str]]:
        """A folder for each example, filled; looked at from beside before anything is put in."""
        # With an input of its own each is a question of its own, which nobody merges.
        makers = [
            Inside(host, ("mktemp", "-d", TEMPLATE), self.user, b"\n" * (number + 1))
            for number in range(len(self.examples))
        ]
        results = yield from ask_all(*makers)
        folders = []
        for maker, result in zip(makers, results, strict=True):
            if result.exit != 0 or not _SCRATCH.fullmatch(result.stdout) or result.stderr:
                said = plain(result.stderr.strip() or result.stdout.strip())
                raise unobserved(f"{spelled(maker.argv)} made no folder: {said}", Blame.HOST)
            folders.append(result.stdout.decode().strip())
        looks = yield from ask_all(
            *(File(host, folder.encode(), follow=False) for folder in folders)
        )
        for folder, look in zip(folders, looks, strict=True):
            if (look.type, look.uid, look.mode) != ("directory", uid, 0o700):
                raise unobserved(f"{folder} is no fresh folder of {plain(self.user)}", Blame.HOST)
        if len(set(folders)) != len(folders):
            raise unobserved("mktemp made the same folder twice", Blame.HOST)
        yield from self._quietly(
            *(
                self._inside(host, "tar", "-x", "-C", folder, stdin=example.archive())
                for example, folder in zip(self.examples, folders, strict=True)
            )
        )
        return folders

    def _quietly(self, *probes: Inside) -> Asking[None]:
        """Run what has to end well and has nothing to say."""
        results = yield from ask_all(*probes)
        for probe, result in zip(probes, results, strict=True):
            if result.exit != 0 or result.stdout or result.stderr or result.truncated:
                said = plain(result.stderr.strip() or result.stdout.strip())
                raise unobserved(
                    f"{spelled(probe.argv)} ended with {result.exit}: {said}", Blame.HOST
                )

    def _probe(self, host: str, example: Example, folder: str) -> Inside:
        argv = (
            *("timeout", "-k", "1", str(self.limit)),
            *("prlimit", f"--fsize={LARGEST_FILE}", "--core=0", "--"),
            *(self.with_ or ()),
            self.script,
            *(word.replace(FOLDER, folder) for word in example.args),
        )
        given = example.stdin.encode("utf-8", "surrogateescape")
        return Inside(host, argv, self.user, given, folder, self.limit + 15.0)

    # ------------------------------------------------------------------ comparing

    def _told(self, example: Example) -> str:
        given = shlex.join(example.args)
        return f" ({plain(given, 60)})" if given else ""

    def _compare_end(
        self, findings: Findings, where: str, example: Example, result: ProgramResult
    ) -> bool:
        """Compare status and output; false where the script was not run to its end."""
        trouble = ""
        if result.exit in _TIMED_OUT and result.seconds >= self.limit:
            trouble = f"it did not end within {self.limit} s"
        elif result.exit in NOT_RUN:
            said = plain(result.stderr.strip(), 80)
            trouble = f"it could not be run{f': {said}' if said else ''}"
        elif result.truncated:
            trouble = "it prints more than 1 MiB"
        if trouble:
            findings.miss(expected=f"the script to run to its end in {where}", found=trouble)
            return False
        findings.compare(f"exit status in {where}", example.exit, result.exit)
        if example.silent:
            findings.note(
                not result.stdout.strip(),
                expected=f"no output in {where}",
                found=f"output {quoted(result.stdout.strip())}"
                if result.stdout.strip()
                else "none",
            )
        for stream, wanted, output in (
            ("output", example.stdout, result.stdout),
            ("error output", example.stderr, result.stderr),
        ):
            if wanted is not None:
                findings.compare(f"{stream} in {where}", wanted, output)
        return True

    def _compare_files(
        self, findings: Findings, host: str, where: str, example: Example, folder: str
    ) -> Asking[None]:
        names = [*example.makes, *example.keeps, *example.lacks]
        if not names:
            return
        paths = {name: f"{folder}/{name}".encode("utf-8", "surrogateescape") for name in names}
        looks = yield from ask_all(
            *(File(host, path, limit=LIMIT, follow=False) for path in paths.values())
        )
        found = dict(zip(paths, looks, strict=True))
        for name, look in found.items():
            if look.type is None and look.why not in GONE:
                raise unobserved(f"{plain(name)} cannot be looked for: {look.why}")
        for name in example.lacks:
            findings.note(
                found[name].type is None,
                expected=f"no {plain(name)} after {where}",
                found=described(found[name]),
            )
        for name in (*example.makes, *example.keeps):
            look = found[name]
            if look.type != "file" or look.truncated:
                findings.miss(expected=f"a file {plain(name)} after {where}", found=described(look))
                continue
            content = content_of(paths[name], look)
            if name in example.makes:
                said = f"content of {plain(name)} after {where}"
                findings.compare(said, example.makes[name], content, empty=True)
            if name in example.keeps:
                same = content == example.files[name].encode("utf-8", "surrogateescape")
                findings.note(
                    same,
                    expected=f"{plain(name)} unchanged after {where}",
                    found="unchanged" if same else f"its content is {quoted(content, 60)}",
                )
