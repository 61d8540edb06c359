"""Rules about the files of a lab folder: they are there, used, and understood by a shell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from checkers.own.python import functions_in
from labctl.library.findings import Finding, nearest
from labctl.library.folder import Folder
from labctl.library.kinds import OWN, own_function
from labctl.library.parts import Parts
from labctl.library.positions import Path

SCRIPT_FOLDERS = ("setup", "cases")
FILES_FOLDER = "files"
FILES_VARIABLE = "LAB_FILES"
"""What a set-up script finds the lab's `files/` by, while it runs."""

_USE = re.compile(r"\bLAB_[A-Z0-9_]+")
_OWN = re.compile(r"^\s*(?:local\s+|readonly\s+|export\s+)?(LAB_[A-Z0-9_]+)=", re.MULTILINE)


def check_files(parts: Parts, folder: Folder) -> set[str]:
    """Report files that are named and not there; returns those that are."""
    used = set()
    for path, name in _named(parts):
        if name in folder.files:
            used.add(name)
        else:
            hint = nearest(name, folder.files)
            hint = hint if hint.startswith("Did") else ""
            parts.report(path, f"there is no file `{name}` in the lab folder", hint)
    for check in parts.checks():
        called = own_function((check.value.model_extra or {}).get(OWN))
        if called is not None:
            used |= _own_check(parts, (*check.path, OWN), called, folder)
    return used


def _named(parts: Parts) -> Iterator[tuple[Path, str]]:
    for host in parts.hosts.values():
        if host.value.setup is not None:
            yield (*host.path, "setup"), host.value.setup
    for case in parts.cases:
        for name, script in case.value.apply.items():
            yield (*case.path, "apply", name), script
        for index, step in enumerate(case.value.steps):
            if step.script is not None:
                yield (*case.path, "steps", index, "script"), step.script
    for attachment in parts.attachments:
        yield attachment.path, attachment.value.file


def _own_check(parts: Parts, path: Path, called: tuple[str, str], folder: Folder) -> set[str]:
    """Report a `file.py:function` that is not there. The file is read, never run."""
    name, function = called
    if name not in folder.files:
        hint = nearest(name, (file for file in folder.files if file.endswith(".py")))
        parts.report(path, f"there is no file `{name}` in the lab folder", hint)
        return set()
    try:
        functions = functions_in(folder.content(name))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        parts.report(path, f"`{name}` is not valid Python (line {line}): {error.args[0]}")
        return {name}
    if function not in functions:
        hint = nearest(function, (one for one in functions if not one.startswith("_")))
        parts.report(path, f"`{name}` defines no `{function}`", hint)
    return {name}


def script_findings(
    folder: Folder, where: str, variables: Iterable[str], broken: Iterable[str] = ()
) -> list[Finding]:
    """What is wrong inside the scripts: variables that no parameter gives, Windows line ends.

    `broken` are names that are defined, though wrongly: nothing is said about their variables.
    """
    known = set(variables)
    if any(path.startswith(f"{FILES_FOLDER}/") for path in folder.files):
        known.add(FILES_VARIABLE)
    spared = tuple(f"LAB_{name.upper()}" for name in broken)
    found = []
    for path in _scripts(folder):
        text = folder.content(path).decode("utf-8", "replace")
        own = set(_OWN.findall(text))
        for number, line in enumerate(text.splitlines(), 1):
            code = "" if line.lstrip().startswith("#") else line
            for match in _USE.finditer(code):
                spare = match[0] in own or match[0].startswith(spared)
                if match[0] not in known and not spare:
                    message = f"no parameter gives the variable `{match[0]}`"
                    hint = nearest(match[0], known)
                    place = (f"{where}/{path}", number, match.start() + 1)
                    found.append(Finding(*place, "error", message, hint))
        if "\r\n" in text:
            first = text[: text.index("\r\n")].count("\n") + 1
            message, hint = "the lines end like on Windows", "Save it with plain line ends (LF)."
            found.append(Finding(f"{where}/{path}", first, 1, "error", message, hint))
    return found


def unused_scripts(folder: Folder, where: str, used: set[str]) -> list[Finding]:
    """Scripts that nothing names: neither the lab file nor another script."""
    scripts = list(_scripts(folder))
    texts = b"\n".join(folder.content(path) for path in scripts)
    return [
        Finding(f"{where}/{path}", 0, 0, "warning", "nothing uses this script", "Remove it.")
        for path in scripts
        if path not in used and PurePosixPath(path).name.encode() not in texts
    ]


def _scripts(folder: Folder) -> Iterator[str]:
    for path in folder.files:
        if path.split("/")[0] in SCRIPT_FOLDERS and path.endswith(".sh"):
            yield path
