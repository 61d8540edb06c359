"""Planning, building and finding images, against a daemon of ours that keeps them in a dict."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import APIError, ImageNotFound

from labctl.errors import ProviderError, UnknownName
from labctl.images.build import build, plan_builds, resolve
from labctl.images.cleanup import remove_superseded
from labctl.images.library import ImageLibrary
from labctl.images.model import BuildProgress

SLIM = "debian:bookworm-slim"


class Daemon:
    """The part of docker-py's client that images are made with."""

    def __init__(self) -> None:
        self.tags = {SLIM: "slim000000000"}
        self.layers: list[str] = []
        self.removed: list[str] = []
        self.in_use: set[str] = set()
        self.asked: list[dict[str, Any]] = []
        self.broken = ""
        self.registry = self.unsteady = False
        self.images = self
        self.api = SimpleNamespace(
            timeout=60,
            build=self.build,
            images=self.listed,
            remove_image=self.remove,
            import_image_from_file=lambda path: '{"status":"sha256:imported0000"}\r\n',
        )

    def get(self, name: str) -> Any:
        if name not in self.tags:
            raise ImageNotFound("no such image")
        return SimpleNamespace(id=self.tags[name], attrs={"Size": 1000})

    def get_registry_data(self, name: str) -> None:
        if not self.registry:
            raise APIError("no such host")

    def pull(self, name: str) -> Any:
        if self.unsteady:
            raise APIError("unexpected EOF")
        self.tags[name] = "pulled0000000"
        return self.get(name)

    def build(self, **options: Any) -> Iterator[dict[str, Any]]:
        self.asked.append(options)
        number = len(self.asked)
        for step in (1, 2):
            layer = f"{number:06}{step:06}"
            yield {"stream": f"Step {step}/3 : RUN something"}
            yield {"stream": f"\n ---> Running in {layer}\n"}
            self.layers.append(layer)
            yield {"stream": f" ---> {layer}\n"}
        if self.broken and self.broken in options["tag"]:
            yield {"stream": "E: no such package\n"}
            yield {"error": "returned a non-zero code: 100"}
            return
        self.tags[options["tag"]] = f"id-of-{options['tag']}"

    def listed(self, **filters: Any) -> list[dict[str, Any]]:
        if "all" in filters:
            return [{"Id": f"sha256:{layer}{'0' * 52}"} for layer in self.layers]
        made = [name for name in self.tags if name.startswith("labctl/")]
        return [{"RepoTags": [name], "Created": made.index(name)} for name in made]

    def remove(self, name: str, noprune: bool = False) -> None:
        if name in self.in_use:
            raise APIError("conflict")
        self.removed.append(name)
        self.tags.pop(name, None)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, parent in {"low": None, "mid": "low", "high": "mid", "side": "low"}.items():
        place = tmp_path / "images" / name
        place.mkdir(parents=True)
        line = f"parent: {parent}\n" if parent else ""
        (place / "image.yaml").write_text(f"description: the {name} one\n{line}")
        (place / "Dockerfile").write_text(
            f"# {name}\nARG BASE\nFROM ${{BASE}}\n"
            + ("ARG APT_SOURCES\n" if name != "high" else "")
        )
    programs = tmp_path / "bin"
    programs.mkdir()
    apt = programs / "apt-get"
    apt.write_text("#!/bin/sh\necho 'http://mirror.example/d/|bookworm|main|Debian|bookworm'\n")
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    for name in ("http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return tmp_path


@pytest.fixture
def library(folder: Path) -> ImageLibrary:
    return ImageLibrary((folder / "images",))


@pytest.fixture
def daemon() -> Any:
    return Daemon()


def test_a_plan_says_what_there_is(library: ImageLibrary, daemon: Any) -> None:
    build(["mid"], library=library, client=daemon)
    plan = plan_builds(None, library, daemon)
    assert [(each.name, each.present, each.size, each.parent) for each in plan] == [
        ("low", True, 1000, None),
        ("mid", True, 1000, "low"),
        ("side", False, 0, "low"),
        ("high", False, 0, "mid"),
    ]
    assert [each.name for each in plan_builds(["high"], library, daemon)] == ["low", "mid", "high"]


def test_parents_are_built_first_and_given_to_their_children(
    library: ImageLibrary, daemon: Any
) -> None:
    results = build(["high"], library=library, client=daemon)
    tags = [each.tag for each in results]
    assert [each.name for each in results] == ["low", "mid", "high"]
    assert [each["tag"] for each in daemon.asked] == tags
    assert [each["buildargs"]["BASE"] for each in daemon.asked] == ["slim000000000", *tags[:2]]
    source = "deb http://mirror.example/d/ bookworm main"
    assert [each["buildargs"].get("APT_SOURCES") for each in daemon.asked] == [source, source, None]
    assert daemon.asked[0]["labels"]["labctl.image"] == "low"
    assert daemon.asked[0]["labels"]["labctl.digest"].startswith(tags[0].partition(":")[2])
    with tarfile.open(fileobj=io.BytesIO(daemon.asked[0]["fileobj"].getvalue())) as context:
        assert context.getnames() == ["Dockerfile"]


def test_only_what_has_changed_is_built_again(
    folder: Path, library: ImageLibrary, daemon: Any
) -> None:
    first = build(library=library, client=daemon)
    assert all(each.built for each in first)
    assert not any(each.built for each in build(library=library, client=daemon))
    (folder / "images/mid/Dockerfile").write_text("ARG BASE\nFROM ${BASE}\nRUN true\n")
    third = build(library=library, client=daemon)
    assert {each.name for each in third if each.built} == {"mid", "high"}


def test_progress_is_told_line_by_line(library: ImageLibrary, daemon: Any) -> None:
    told: list[BuildProgress] = []
    build(["low"], told.append, library, daemon)
    assert BuildProgress("low", "Step 2/3 : RUN something", 2, 3) in told
    assert all(each.line.strip() for each in told)


def test_a_build_that_fails_leaves_nothing(library: ImageLibrary, daemon: Any) -> None:
    daemon.broken = "/mid:"
    daemon.layers.append("000002000001")  # a layer that was there before, and is used again
    with pytest.raises(ProviderError) as caught:
        build(["high"], library=library, client=daemon)
    assert "`mid` could not be built: returned a non-zero code: 100" in caught.value.message
    assert "E: no such package" in caught.value.message
    assert daemon.removed == ["000002000002"]
    assert [name for name in daemon.tags if name.startswith("labctl/mid")] == []
    assert [name for name in daemon.tags if name.startswith("labctl/low")] != []


def test_interrupted_by_the_person_it_leaves_nothing_either(
    library: ImageLibrary, daemon: Any
) -> None:
    def interrupt(progress: BuildProgress) -> None:
        if progress.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(["low"], interrupt, library, daemon)
    assert daemon.removed == ["000001000001"]


def test_debian_comes_from_a_registry_that_has_it(library: ImageLibrary, daemon: Any) -> None:
    del daemon.tags[SLIM]
    daemon.registry = True
    build(["low"], library=library, client=daemon)
    assert daemon.asked[0]["buildargs"]["BASE"] == "pulled0000000"
    assert daemon.api.timeout == 60


def bootstrapper(folder: Path, script: str) -> None:
    program = folder / "bin" / "mmdebstrap"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_or_from_a_bootstrap(folder: Path, library: ImageLibrary, daemon: Any) -> None:
    del daemon.tags[SLIM]
    bootstrapper(
        folder,
        'echo "$@" > "$0.argv"; for last; do :; done; read -r line < "$last";'
        ' echo "$line" > "$0.in"; echo I: ok >&2',
    )
    told: list[BuildProgress] = []
    build(["low"], told.append, library, daemon)
    assert daemon.asked[0]["buildargs"]["BASE"] == "sha256:imported0000"
    arguments = (folder / "bin/mmdebstrap.argv").read_text().split()
    assert arguments[0] == "--variant=minbase"
    assert arguments[-3] == "bookworm"
    assert (folder / "bin/mmdebstrap.in").read_text().startswith("deb http://mirror.example/d/")
    assert "I: ok" in [each.line for each in told]


def test_a_bootstrap_goes_when_what_stands_on_it_fails(
    folder: Path, library: ImageLibrary, daemon: Any
) -> None:
    del daemon.tags[SLIM]
    bootstrapper(folder, "exit 0")
    daemon.broken = "/low:"
    with pytest.raises(ProviderError):
        build(["low"], library=library, client=daemon)
    assert daemon.removed[-1] == "sha256:imported0000"


def test_a_bootstrap_that_fails(folder: Path, library: ImageLibrary, daemon: Any) -> None:
    del daemon.tags[SLIM]
    bootstrapper(folder, "echo E: no network >&2; exit 1")
    with pytest.raises(ProviderError, match="could not bootstrap bookworm: E: no network"):
        build(["low"], library=library, client=daemon)


def test_a_bootstrap_that_says_nothing(folder: Path, library: ImageLibrary, daemon: Any) -> None:
    del daemon.tags[SLIM]
    bootstrapper(folder, "exit 7")
    with pytest.raises(ProviderError, match="could not bootstrap bookworm: exit 7"):
        build(["low"], library=library, client=daemon)


def test_a_bootstrap_that_does_not_end(
    folder: Path, library: ImageLibrary, daemon: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labctl.images.base.BOOTSTRAP_SECONDS", 0.05)
    del daemon.tags[SLIM]
    bootstrapper(folder, "while :; do :; done")
    with pytest.raises(ProviderError, match=r"no end after 0\.05 seconds"):
        build(["low"], library=library, client=daemon)


def test_a_bootstrap_that_a_person_interrupts(
    folder: Path, library: ImageLibrary, daemon: Any
) -> None:
    def interrupt(progress: BuildProgress) -> None:
        if progress.line == "I: on":
            raise KeyboardInterrupt

    del daemon.tags[SLIM]
    bootstrapper(folder, "echo I: on >&2; while :; do :; done")
    with pytest.raises(KeyboardInterrupt):
        build(["low"], interrupt, library, daemon)
    assert not daemon.asked


def test_a_registry_that_breaks_off(folder: Path, library: ImageLibrary, daemon: Any) -> None:
    del daemon.tags[SLIM]
    daemon.registry = daemon.unsteady = True
    bootstrapper(folder, "exit 0")
    told: list[BuildProgress] = []
    build(["low"], told.append, library, daemon)
    assert any("the registry did not deliver" in each.line for each in told)
    assert daemon.asked[0]["buildargs"]["BASE"] == "sha256:imported0000"


@pytest.mark.parametrize("answer", ["", '{"status":"odd"}', APIError("x", explanation="disk full")])
def test_an_import_that_fails(
    folder: Path, library: ImageLibrary, daemon: Any, answer: str | APIError
) -> None:
    def imported(path: str) -> str:
        if isinstance(answer, APIError):
            raise answer
        return answer

    daemon.api.import_image_from_file = imported
    del daemon.tags[SLIM]
    bootstrapper(folder, "exit 0")
    with pytest.raises(ProviderError, match=r"import"):
        build(["low"], library=library, client=daemon)


def test_neither_registry_nor_bootstrap(library: ImageLibrary, daemon: Any) -> None:
    del daemon.tags[SLIM]
    with pytest.raises(ProviderError) as caught:
        build(["low"], library=library, client=daemon)
    assert "mmdebstrap is not installed" in caught.value.message
    assert "apt-get install mmdebstrap" in caught.value.hint


def test_a_host_gets_the_image_of_todays_inputs(
    folder: Path, library: ImageLibrary, daemon: Any
) -> None:
    build(["mid"], library=library, client=daemon)
    found = resolve("mid", library, daemon)
    assert found.id == f"id-of-{found.tag}"
    assert found.defaults == library.image("mid").defaults
    (folder / "images/low/Dockerfile").write_text("FROM scratch\n")
    with pytest.raises(ProviderError) as caught:
        resolve("mid", library, daemon)
    assert "labctl images build mid" in caught.value.hint


def test_an_unknown_name_is_told_before_the_daemon_is_asked(library: ImageLibrary) -> None:
    for use in (lambda: resolve("hgih", library), lambda: plan_builds(["hgih"], library)):
        with pytest.raises(UnknownName) as caught:
            use()
        assert caught.value.hint == "Did you mean `high`?"


def test_what_is_out_of_date_goes_unless_it_is_used(
    folder: Path, library: ImageLibrary, daemon: Any
) -> None:
    old = {each.name: each.tag for each in build(library=library, client=daemon)}
    (folder / "images/low/Dockerfile").write_text("FROM scratch\n")
    new = {each.name: each.tag for each in build(library=library, client=daemon)}
    daemon.in_use = {old["high"]}
    told: list[str] = []
    gone = remove_superseded(told.append, library, daemon)
    assert set(gone) == set(told) == {old["low"], old["mid"], old["side"]}
    assert gone.index(old["mid"]) < gone.index(old["low"])
    assert {SLIM, old["high"], *new.values()} == set(daemon.tags)
