"""The import contracts of pyproject.toml, and what the command must not load to start."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("docker", "paramiko", "textual", "sqlalchemy", "alembic", "pydantic", "libvirt")
HELP = """
import sys
from labctl.cli.main import main
sys.argv = ["labctl", "--help"]
try:
    status = main()
except SystemExit as end:
    status = end.code
assert not status, status
"""


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_every_contract_is_kept() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def contracts() -> list[dict[str, object]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: list[dict[str, object]] = settings["tool"]["importlinter"]["contracts"]
    return found


def test_every_contract_can_be_broken(tmp_path: Path) -> None:
    """A tree of the same shape that breaks them all: a contract that still holds is no fence."""
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    modules = [
        "labctl.providers.docker",
        "labctl.images",
        "labctl.cli",
        "labctl.store",
        "labctl.library",
        "labctl.roomkit",
        "checkers.ssh",
        "tui",
    ]
    for module in modules:
        folder = tmp_path.joinpath(*module.split("."))
        folder.mkdir(parents=True)
        for package in (folder, *folder.parents):
            if package.is_relative_to(tmp_path) and package != tmp_path:
                (package / "__init__.py").touch()
    third = "import docker, paramiko, libvirt, textual, click, sqlalchemy, alembic, yaml\n"
    third += "import markdown_it\n"
    (tmp_path / "checkers" / "offender.py").write_text(third + "import labctl\n")

    result = lint_imports(tmp_path)

    assert result.returncode == 1, result.stdout + result.stderr
    kept = [
        contract["name"]
        for contract in contracts()
        if f"{contract['name']} BROKEN" not in result.stdout
    ]
    assert not kept, result.stdout + result.stderr


def imported_names(path: Path) -> set[str]:
    names: set[str] = set()
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else ()
            names.add(".".join((*base, *filter(None, [node.module]))))
    return names


def test_the_agent_stands_alone() -> None:
    """It is copied into a container that has Python's standard library and nothing of ours."""
    home = ROOT / "checkers" / "agent"
    files = [*home.glob("**/*.py")] or [*home.parent.glob("agent.py")]
    assert files, "the agent was not found"
    foreign = {
        f"{path.name} imports {name}"
        for path in files
        for name in imported_names(path)
        if name.split(".")[0] not in sys.stdlib_module_names
        and not f"{name}.".startswith("checkers.agent.")
    }
    assert not foreign


@pytest.mark.parametrize("program", ["import labctl.cli.main", HELP], ids=["import", "--help"])
def test_the_command_starts_light(program: str) -> None:
    report = f"\nimport sys\nprint([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    result = subprocess.run(
        [sys.executable, "-c", program + report],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr.splitlines()[-1] == "[]"
