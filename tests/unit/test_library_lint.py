"""Lint: what is right is let through, each rule catches its mistake, and one hides no other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labctl.library import strict_yaml
from labctl.library.catalogue import load_catalogue
from labctl.library.findings import Finding, nearest
from labctl.library.folder import read_folder
from labctl.library.lint import covering_seeds, lint
from labctl.library.source import read_source
from labctl.library.surroundings import BUILT_IN, ImageFacts, Surroundings, surroundings_of

LABS = Path(__file__).parents[1] / "golden" / "library" / "labs"
AROUND = Surroundings(
    images={
        "host": ImageFacts(login=True),
        "router": ImageFacts(login=True),
        "examiner": ImageFacts(),
        "machine": ImageFacts(login=True, machine=True),
    },
    catalogue=load_catalogue([LABS / "catalogue.yaml"]),
)

Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize("lab", ["networking/example-route", "linux/example-team"])
def test_the_examples_have_nothing_wrong(lab: str) -> None:
    assert lint(LABS / lab, AROUND) == ()


def changed(tmp_path: Path, lab: str, change: Change) -> tuple[Finding, ...]:
    """What lint says of an example after a change to its file."""
    folder = tmp_path / Path(lab).name
    shutil.copytree(LABS / lab, folder)
    path = folder / "lab.yaml"
    value = strict_yaml.load(path.read_text(), "lab.yaml")
    change(value)
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False))  # JSON is YAML
    return lint(folder, AROUND)


def check(lab: dict[str, Any], task: int, index: int) -> dict[str, Any]:
    found: dict[str, Any] = lab["tasks"][task]["checks"][index]
    return found


def offer(lab: dict[str, Any], network: str, **more: Any) -> dict[str, Any]:
    """Make the last check one of a DHCP server, with the examiner on lan-a alone."""
    lab["hosts"]["examiner"]["networks"] = ["lan-a"]
    changed = check(lab, 1, 0)
    changed.pop("ping")
    changed.update(dhcp_offer={"network": network, "none": True}, **more)
    return changed


def two_units(lab: dict[str, Any], *names: str) -> None:
    """Claim 2.2 of a second unit as well; the last task looks at the criteria of these names."""
    lab["evidences"].append({"unit": "networking-l2", "criteria": ["2.2"]})
    lab["tasks"][1]["criteria"] = list(names)


ROUTE_MISTAKES: list[tuple[Change, str]] = [
    (lambda lab: lab.update(id="other"), "the id is not the name of the folder"),
    (lambda lab: lab.pop("title"), "`title` is missing"),
    (lambda lab: lab.update(hosts={}), "a lab needs a host"),
    (lambda lab: lab.update(tasks=[]), "a lab needs a task"),
    (lambda lab: lab.pop("tasks"), "`tasks` is missing"),
    (lambda lab: lab.update(tasks=["x"]), "expected a mapping"),
    (lambda lab: lab.update(hosts=["x"]), "expected a mapping"),
    (lambda lab: lab.update(parameters=["x"]), "expected a mapping (`name: how`)"),
    (lambda lab: lab.update(submission=["x"]), "expected a mapping (`file: host:/path`)"),
    (lambda lab: lab.update(submission={"a": "r9:/a"}), "there is no host `r9`"),
    (lambda lab: lab.update(attachments=["files/plan.pdf"]), "no file `files/plan.pdf`"),
    (lambda lab: lab.update(requires=["netmem"]), "Did you mean `netem`?"),
    (lambda lab: lab["networks"].update({"LAN": {}}), "is no name for a network"),
    (lambda lab: lab["networks"].update({"lan-c": {}}), "no host is on the network `lan-c`"),
    (lambda lab: lab["hosts"]["r1"].update(networks=["lan-x"]), "there is no network `lan-x`"),
    (lambda lab: lab["hosts"]["r1"].update(image="x"), "there is no image `x`"),
    (lambda lab: lab["hosts"]["r1"].update(image="examiner"), "candidates cannot log in"),
    (lambda lab: lab["hosts"]["r1"].update(memory="lots"), "expected a size"),
    (lambda lab: lab["hosts"]["r1"].update(cpus=0), "must be greater than 0"),
    (lambda lab: lab["hosts"]["r1"].update(sysctls={"a": True}), "found `true`"),
    (lambda lab: lab["hosts"]["r1"].update(tmpfs={"var": "1M"}), "expected an absolute path"),
    (
        lambda lab: lab["hosts"]["r1"].update(tmpfs={"{{ fault }}": "1M", "/{{ fault }}": "1M"}),
        "expected an absolute path",
    ),
    (lambda lab: lab["hosts"]["r1"].update(tmpfs={"/a{{ x }}": "1M"}), "`x` is not defined"),
    (lambda lab: lab["hosts"]["r1"].update(tmpfs={"/a": "1M", "b{{ fault }}": 1}), "absolute path"),
    (lambda lab: lab["hosts"]["r1"].update(firmware="uefi"), "a container, which has no"),
    (lambda lab: lab["hosts"]["r1"].update(setup="setup/r9.sh"), "Did you mean `setup/r1.sh`?"),
    (lambda lab: lab["hosts"]["examiner"].update(login={"user": "a"}), "leaves nobody to log in"),
    (lambda lab: lab["tasks"][0].update(id="reaching"), "the id `reaching` stands here twice"),
    (lambda lab: lab["tasks"][0].update(checks=[]), "nothing that could be marked"),
    (lambda lab: lab["tasks"][0].update(criteria=["9.9"]), "claims no criterion `9.9`"),
    (lambda lab: lab["tasks"][1].update(criteria=["2.1"]), "looks at the criterion `2.2`"),
    (
        lambda lab: two_units(lab, "2.2"),
        "`networking-l2`. Write `networking-l3:2.2` or `networking-l2:2.2`, or each of them.",
    ),
    (lambda lab: two_units(lab, "networking-l3:2.2"), "at the criterion `networking-l2:2.2`"),
    (lambda lab: two_units(lab, "networking-l2:2.1"), "no criterion `networking-l2:2.1`"),
    (lambda lab: lab["evidences"][0].update(unit="networking-l4"), "no unit `networking-l4`"),
    (
        lambda lab: lab["evidences"][1].update(objective="LPIC-1 109.3"),
        "no objective `LPIC-1 109.3`",
    ),
    (lambda lab: lab["evidences"][0].update(criteria=["2.1", "2.2", "7"]), "no criterion `7`"),
    (lambda lab: check(lab, 0, 0).update(id="lan-b-address"), "`lan-b-address` stands here twice"),
    (lambda lab: check(lab, 0, 0).update(id="Upper"), "expected lower-case"),
    (lambda lab: check(lab, 0, 0).update(host="r2"), "there is no host `r2`"),
    (lambda lab: check(lab, 0, 0).update(needs=["end-to-end"]), "none could run"),
    (lambda lab: check(lab, 0, 0).update(needs=["lan-a-address"]), "none could run"),
    (lambda lab: check(lab, 0, 0).update(needs=["change-record"]), "is a judged aspect"),
    (lambda lab: check(lab, 0, 0).update(needs=["lan"]), "there is no check `lan`"),
    (lambda lab: check(lab, 0, 0).update(changes=True, retry="5s"), "never retried"),
    (lambda lab: check(lab, 0, 0).update(retry=5), "expected a duration"),
    (lambda lab: check(lab, 0, 0).update(when="later"), "`after-restart`"),
    (lambda lab: check(lab, 0, 0).update(visible="me"), "expected `all` or `assessor`"),
    (lambda lab: check(lab, 0, 0).pop("interface"), "the check has no check type"),
    (lambda lab: check(lab, 0, 0).update(interface={}), "an empty expectation"),
    (lambda lab: check(lab, 0, 0).update(interface=None), "an empty expectation"),
    (lambda lab: check(lab, 0, 0).update(tcp={"port": 1}), "a check has one type"),
    (lambda lab: check(lab, 0, 0).update(mark=1), "unknown key `mark`. Did you mean `marks`?"),
    (lambda lab: check(lab, 0, 0)["interface"].update(nmae="x"), "unknown key `nmae`"),
    (lambda lab: check(lab, 0, 1)["interface"].update(network="lan"), "there is no network `lan`"),
    (lambda lab: check(lab, 0, 1).update(host="pc1"), "`pc1` is not on the network `lan-b`"),
    (lambda lab: check(lab, 1, 0).update({"from": "nobody"}), "there is no host `nobody`"),
    (lambda lab: offer(lab, "lan-b"), "`examiner` is not on the network `lan-b`"),
    (
        lambda lab: offer(lab, "lan-a").pop("from"),
        "`dhcp_offer` needs a `from:` that the candidate cannot enter. There is `examiner`.",
    ),
    (lambda lab: offer(lab, "lan-a", **{"from": "pc1"}), "cannot enter; `pc1` can be entered"),
    (lambda lab: offer(lab, "lan-a", host="examiner"), "`examiner` is the host itself. The lab"),
    (lambda lab: lab["tasks"][0].update(brief="{{ site_c }}"), "`site_c` is not defined"),
    (lambda lab: lab["tasks"][0].update(brief="{{ site_a.hots(1) }}"), "no attribute `hots`"),
    (lambda lab: lab["tasks"][0].update(brief="{{ hosts.r1.macs[2] }}"), "cannot be filled in"),
    (lambda lab: lab["tasks"][0].update(brief="{{ hosts.r9.mac }}"), "cannot be filled in"),
    (lambda lab: lab["tasks"][1]["judged"][0].update(meets=4), "no mark reaches 4"),
    (lambda lab: lab["tasks"][1]["judged"][0].update(marks=4), "the scale ends at 3"),
    (lambda lab: lab["tasks"][1]["judged"][0].update(marks=2), "`3` is no mark from 0 to 2"),
    (
        lambda lab: lab["tasks"][1]["judged"][0].update(evidence={"file": "r9:/a"}),
        "there is no host `r9`",
    ),
    (
        lambda lab: lab["tasks"][1]["judged"][0].update(evidence={"file": "r1:/x", "answer": "y"}),
        "expected exactly one of",
    ),
    (lambda lab: lab["cases"][1].update(judged={"change-record": -1}), "greater than or equal"),
    (
        lambda lab: lab["cases"].append({"name": "x", "steps": [{"hands": "a", "host": "r9"}]}),
        "`r9`",
    ),
    (lambda lab: lab.update(title="x" * 3, id="a" * 65), "at most 64 letters"),
    (lambda lab: check(lab, 0, 0).update(marks=None), "expected a number; found nothing"),
    (lambda lab: check(lab, 0, 0).update(marks=[1]), "expected a number; found a list"),
    (lambda lab: check(lab, 0, 0).update(marks={"a": 1}), "expected a number; found a mapping"),
    (lambda lab: check(lab, 0, 0).update(ping="{{ nope }}"), "`nope` is not defined"),
    (lambda lab: [one.update(marks=0) for one in lab["tasks"][0]["checks"]], "worth no marks"),
    (lambda lab: lab["parameters"].update(metric={"int": [1, 2, 3]}), "at most 2 items"),
    (lambda lab: lab["cases"][0].update(apply={"examiner": "cases/solution.sh"}), "cannot log in"),
    (lambda lab: lab["cases"][0].update(apply={"r1": "cases/x.sh"}), "no file `cases/x.sh`"),
    (lambda lab: lab["cases"][0].update(judged={"record": 3}), "no judged aspect `record`"),
    (lambda lab: lab["cases"][0].update(judged={"change-record": 2.5}), "has no mark 2.5"),
    (lambda lab: lab["cases"][0]["expect"].update(marks=11), "the lab has only 10 marks"),
    (lambda lab: lab["cases"][0].update(name="wrong-mask"), "stands here twice"),
    (lambda lab: lab["cases"][1].update(expect={"fails": ["lan-c"]}), "there is no check `lan-c`"),
    (lambda lab: lab["cases"][1].update(when={"fault": "dns"}), "`fault` is never `dns`"),
    (lambda lab: lab["cases"][1].update(when={"falut": "x"}), "Did you mean `fault`?"),
    (lambda lab: lab["cases"][3].update(steps=[{"restart": "pc9"}]), "there is no host `pc9`"),
    (lambda lab: lab["cases"][3].update(steps=[{"hands": "press"}]), "no host has the act `press`"),
    (lambda lab: lab["cases"][3].update(steps=[{"host": "r1"}]), "expected `host` and `script`"),
    (
        lambda lab: lab["cases"].append({"name": "untouched", "expect": {"outcome": "achieved"}}),
        "nothing is achieved in an untouched lab",
    ),
    (
        lambda lab: lab["cases"].append({"name": "untouched", "apply": {"r1": "cases/gateway.sh"}}),
        "nothing is applied",
    ),
]


@pytest.mark.parametrize("change, message", ROUTE_MISTAKES)
def test_each_mistake_is_found(tmp_path: Path, change: Change, message: str) -> None:
    findings = changed(tmp_path, "networking/example-route", change)
    texts = [str(finding) for finding in findings if finding.level == "error"]
    assert any(message in text for text in texts), texts
    assert all(finding.line > 0 for finding in findings if finding.file.endswith("lab.yaml"))


TEAM_MISTAKES: list[tuple[Change, str]] = [
    (lambda lab: check(lab, 0, 0).update(for_each={"team": [1]}), "`team` is a value already"),
    (lambda lab: check(lab, 0, 0).update(for_each={"u": "{{ port }}"}), "expected a list"),
    (lambda lab: check(lab, 0, 0).update(for_each={"u": []}), "repeats the check 0 times"),
    (lambda lab: check(lab, 0, 0).update(for_each="{{ team }}"), "expected a mapping"),
    (lambda lab: check(lab, 0, 0)["file"].update(owner="{{ v }}"), "`v` is not defined"),
    (lambda lab: check(lab, 0, 2).update(id="account-{{ team[0] }}"), "stands here twice"),
    (lambda lab: check(lab, 0, 1).update(needs=["account-nobody"]), "no check `account-nobody`"),
    (lambda lab: check(lab, 0, 2).update(python="checks.py:listen"), "defines no `listen`"),
    (lambda lab: check(lab, 0, 2).update(python="check.py:listens"), "Did you mean `checks.py`?"),
    (lambda lab: check(lab, 0, 2).update(python="listens"), "names no function"),
    (lambda lab: check(lab, 0, 2).update(python={"call": "checks.py:x"}), "defines no `x`"),
    (lambda lab: check(lab, 0, 2).update({"with": {"not a name": 1}}), "names of parameters"),
    (lambda lab: lab["hosts"]["server"]["login"].update(user="{{ secret }}"), "an account's name"),
    (lambda lab: lab["parameters"].pop("secret"), "no parameter gives the variable `LAB_SECRET`"),
]


@pytest.mark.parametrize("change, message", TEAM_MISTAKES)
def test_each_mistake_with_repeated_and_own_checks_is_found(
    tmp_path: Path, change: Change, message: str
) -> None:
    findings = changed(tmp_path, "linux/example-team", change)
    texts = [str(finding) for finding in findings if finding.level == "error"]
    assert any(message in text for text in texts), texts


def test_criteria_may_be_called_by_their_units(tmp_path: Path) -> None:
    def both(lab: Any) -> None:
        two_units(lab, "networking-l3:2.2", "networking-l2:2.2")
        lab["tasks"][0]["criteria"] = ["networking-l3:2.1"]

    assert changed(tmp_path, "networking/example-route", both) == ()


def test_a_server_is_asked_on_a_network_of_the_host_that_asks(tmp_path: Path) -> None:
    def relayed(lab: Any) -> None:
        offer(lab, "lan-a")
        lab["hosts"]["r1"]["networks"] = ["lan-b"]  # the server is behind a relay

    assert changed(tmp_path, "networking/example-route", relayed) == ()


def test_one_mistake_is_told_once(tmp_path: Path) -> None:
    findings = changed(
        tmp_path,
        "networking/example-route",
        lambda lab: lab["derive"].update(pc1="{{ site_a.host(9999) }}"),
    )
    assert len(findings) == 1  # not again for every place that uses pc1, nor for every seed


def test_a_mistake_that_only_some_values_show_is_found(tmp_path: Path) -> None:
    findings = changed(
        tmp_path,
        "networking/example-route",
        lambda lab: lab["hosts"]["pc1"].update(setup="setup/{{ fault }}.sh"),
    )
    assert any("setup/" in one.message and one.level == "error" for one in findings)


def test_every_choice_is_looked_at(tmp_path: Path) -> None:
    shutil.copytree(LABS / "linux/example-team", tmp_path / "lab")
    path = tmp_path / "lab" / "lab.yaml"
    many = ", ".join(f"v{index}" for index in range(12))
    path.write_text(path.read_text().replace("choice: [true, false]", f"choice: [{many}]"))
    source = read_source(read_folder(tmp_path / "lab"), "lab")
    assert 12 <= len(set(covering_seeds(source))) <= 13
    assert list(covering_seeds(source, set(), 3)) == [0, 1, 2]


def test_cases_that_never_meet_may_share_a_name(tmp_path: Path) -> None:
    def twice(lab: Any) -> None:
        for value in ("mask", "gateway"):
            lab["cases"].append({"name": "guess", "when": {"fault": value}})

    assert changed(tmp_path, "networking/example-route", twice) == ()


def test_templates_may_stand_in_keys(tmp_path: Path) -> None:
    findings = changed(
        tmp_path,
        "networking/example-route",
        lambda lab: lab["hosts"]["r1"].update(tmpfs={"/srv/{{ fault }}": "1M"}),
    )
    assert findings == ()


def test_an_unfinished_lab_is_warned_about(tmp_path: Path) -> None:
    findings = changed(
        tmp_path, "networking/example-route", lambda lab: lab.update(cases=lab["cases"][3:])
    )
    assert {finding.level for finding in findings} == {"warning"}
    texts = "\n".join(map(str, findings))
    assert "no case is called `solution`" in texts
    assert "1 cases of wrong answers" in texts
    assert "no case is a fake" in texts
    assert "cases/solution.sh: warning: nothing uses this script" in texts


def test_links_and_missing_files_are_findings(tmp_path: Path) -> None:
    assert "no such directory" in str(lint(tmp_path / "none", AROUND)[0])
    (tmp_path / "lab").mkdir()
    assert "there is no lab file" in str(lint(tmp_path / "lab", AROUND)[0])
    (tmp_path / "lab" / "lab.yaml").symlink_to("/etc/passwd")
    assert "a link" in str(lint(tmp_path / "lab", AROUND)[0])


@pytest.mark.parametrize(
    "content, message",
    [
        (b"\xff\n", "not UTF-8"),
        (b"", "a lab file is a mapping"),
        (b"- a\n", "a lab file is a mapping"),
        (b"just text", "a lab file is a mapping"),
        (b"a: 1\n\tb: 2\n", "not valid YAML"),
    ],
)
def test_what_is_no_lab_file(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "lab.yaml").write_bytes(content)
    assert any(message in str(finding) for finding in lint(tmp_path, AROUND))


def test_surroundings_are_found_beside_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "linux" / "example-team"
    shutil.copytree(LABS / "linux/example-team", folder)
    (tmp_path / "images" / "host").mkdir(parents=True)
    (tmp_path / "images" / "host" / "image.yaml").write_text("login: false\n")
    (tmp_path / "images" / "odd").mkdir()
    (tmp_path / "images" / "odd" / "image.yaml").write_text("a: {{ b }}\n")
    assert any("candidates cannot log in" in str(finding) for finding in lint(folder))
    assert "odd" not in surroundings_of([tmp_path]).images
    assert surroundings_of([BUILT_IN]).images["router"].login


def test_the_nearest_names() -> None:
    assert nearest("ruter", ["router", "wirer"]) == "Did you mean `router`?"
    assert nearest("x", []) == "There is none to choose from."
    assert nearest("x", ["a", "b"]) == "Known: `a`, `b`."
    assert nearest("x", map(str, range(100))) == ""


def test_a_script_may_ask_for_the_labs_files_if_there_are_some(tmp_path: Path) -> None:
    folder = tmp_path / "example-route"
    shutil.copytree(LABS / "networking" / "example-route", folder)
    script = folder / "setup" / "pc.sh"
    script.write_text(script.read_text() + 'cp "$LAB_FILES/page.html" /srv\n')
    (finding,) = lint(folder, AROUND)
    assert "no parameter gives the variable `LAB_FILES`" in finding.message
    (folder / "files").mkdir()
    (folder / "files" / "page.html").write_text("<p>")
    assert lint(folder, AROUND) == ()
