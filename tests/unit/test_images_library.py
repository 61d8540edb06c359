"""Image folders as they are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from labctl.errors import LabFileError, UnknownName
from labctl.images.library import ImageLibrary


def image(folder: Path, name: str, text: str, **files: str) -> None:
    place = folder / name
    place.mkdir(parents=True)
    (place / "image.yaml").write_text(text)
    (place / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\n")
    for other, content in files.items():
        (place / other.replace("__", ".")).write_text(content)


def mistakes(folder: Path) -> list[str]:
    with pytest.raises(LabFileError) as caught:
        ImageLibrary((folder,))
    return [line.removeprefix(f"{folder}/") for line in caught.value.message.splitlines()]


def test_the_images_that_come_with_labctl_are_well_formed() -> None:
    library = ImageLibrary()
    names = library.names()
    assert {"base", "host", "router", "examiner", "net", "wirer", "observer"} <= set(names)
    for name in names:
        parent = library.image(name).parent
        assert parent is None or names.index(parent) < names.index(name)
    machines = {name for name in names if "host" in [image.name for image in library.lineage(name)]}
    assert {"host", "router", "examiner", "web-server", "linux-server"} <= machines
    assert {name for name in names if library.image(name).defaults.init == "sysvinit"} == machines
    virtual = {name for name in names if library.image(name).kind == "machine"}
    assert virtual == {"machine", "machine-with-loader"}
    enterable = {name for name in names if library.image(name).login} - virtual
    assert {"host", "router", "web-server", "linux-server"} <= enterable <= machines - {"examiner"}


def test_what_a_candidate_enters_never_has_these_capabilities() -> None:
    library = ImageLibrary()
    for name in library.names():
        if library.image(name).defaults.init != "sysvinit":
            continue
        given = set(library.image(name).defaults.capabilities)
        assert not given & {"MKNOD", "SYS_PTRACE", "SYS_MODULE", "SYS_RAWIO", "DAC_READ_SEARCH"}
        assert {"NET_ADMIN", "NET_RAW", "SYS_BOOT"} <= given
        assert "SYS_ADMIN" not in given or name == "router"


def test_defaults_are_the_parents_where_nothing_is_said(tmp_path: Path) -> None:
    image(
        tmp_path,
        "low",
        "description: a\n"
        "defaults: {init: sysvinit, memory: 64M, cpus: 1, pids: 9, capabilities: [KILL], "
        "seccomp: p.json}\n",
        p__json='{"a": 1}',
    )
    image(tmp_path, "high", "description: b\nparent: low\nlogin: true\ndefaults: {memory: 1G}\n")
    image(tmp_path, "bare", "description: c\nparent: low\ndefaults: {capabilities: []}\n")
    image(tmp_path, "free", "description: d\nparent: low\ndefaults: {seccomp: unconfined}\n")
    image(tmp_path, "own", "description: e\nparent: low\ndefaults: {seccomp: default}\n")
    library = ImageLibrary((tmp_path,))

    low, high = library.image("low"), library.image("high")

    assert low.defaults.memory == 64 << 20
    assert low.not_built == ("image.yaml", "p.json")
    assert (high.defaults.memory, high.defaults.cpus, high.defaults.pids) == (1 << 30, 1, 9)
    assert high.defaults.seccomp == '{"a": 1}'
    assert high.defaults.capabilities == ("KILL",)
    assert high.not_built == ("image.yaml",)
    assert (low.login, high.login) == (False, True)
    assert library.image("bare").defaults.capabilities == ()
    assert library.image("free").defaults.seccomp == "unconfined"
    assert library.image("own").defaults.seccomp is None
    assert [each.name for each in library.lineage("high")] == ["low", "high"]


def test_includes_lead_to_the_installed_packages(tmp_path: Path) -> None:
    image(tmp_path, "one", "description: a\ninclude: {agent: checkers/agent}\n")
    found = ImageLibrary((tmp_path,), packages=Path("/srv")).image("one")
    assert found.include == (("agent", Path("/srv/checkers/agent")),)


def test_of_two_folders_the_earlier_wins(tmp_path: Path) -> None:
    image(tmp_path / "ours", "one", "description: ours\n")
    image(tmp_path / "theirs", "one", "description: theirs\n")
    image(tmp_path / "theirs", "two", "description: theirs\nparent: one\n")
    library = ImageLibrary((tmp_path / "ours", tmp_path / "theirs"))
    assert library.image("one").description == "ours"
    assert library.names() == ("one", "two")


def test_all_mistakes_are_told_with_their_place(tmp_path: Path) -> None:
    image(
        tmp_path,
        "a",
        "description: a\n"
        "parnet: b\n"
        "include: {x: ../secret}\n"
        "defaults:\n"
        "  memory: much\n"
        "  init: systemd\n"
        "  capabilities: [net-raw]\n",
    )
    image(tmp_path, "b", "login: on\n")
    image(tmp_path, "c", "description: [\n")
    found = mistakes(tmp_path)
    assert found[0].startswith("a/image.yaml:2:1: unknown key `parnet`. Did you mean `parent`?")
    assert found[1].startswith("a/image.yaml:3:14: expected a path inside")
    assert found[2].startswith("a/image.yaml:5:11: expected a size such as `128M`")
    assert found[3].startswith("a/image.yaml:6:9: expected `sysvinit` or `none`")
    assert found[4].startswith("a/image.yaml:7:18: ")
    assert any(line.startswith("b/image.yaml:1:8: expected `true` or `false`") for line in found)
    assert any(line.startswith("b/image.yaml:1:1: `description` is missing") for line in found)
    assert any(line.startswith("c/image.yaml:") for line in found)


def test_mistakes_between_images(tmp_path: Path) -> None:
    image(tmp_path, "alpha", "description: a\nparent: beta\n")
    image(tmp_path, "beta", "description: a\nparent: alpha\n")
    image(tmp_path, "gamma", "description: a\nparent: aplha\n")
    assert mistakes(tmp_path) == [
        "alpha/image.yaml:2:9: `beta` leads round in a circle, or has no parent",
        "beta/image.yaml:2:9: `alpha` leads round in a circle, or has no parent",
        "gamma/image.yaml:2:9: no image is called `aplha`. Did you mean `alpha`?",
    ]


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_a_profile_that_cannot_be_read_is_never_no_profile(
    tmp_path: Path, content: bytes | None
) -> None:
    image(tmp_path, "a", "description: a\ndefaults: {seccomp: p.json}\n")
    if content is not None:
        (tmp_path / "a" / "p.json").write_bytes(content)
    assert mistakes(tmp_path) == [
        "a/image.yaml:2:21: this file cannot be read, or is empty",
    ]


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    image(tmp_path, "a", "description: a\n")
    (tmp_path / "a" / "image.yaml").write_bytes(b"description: \xff\n")
    assert mistakes(tmp_path)[0].startswith("a/image.yaml: cannot be read: ")


def test_a_folder_without_images(tmp_path: Path) -> None:
    with pytest.raises(LabFileError, match="no image is defined here"):
        ImageLibrary((tmp_path,))


def test_an_unknown_image_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName) as caught:
        ImageLibrary().image("examinr")
    assert caught.value.message == "No image is called `examinr`."
    assert caught.value.hint == "Did you mean `examiner` or `examiner-browser`?"
