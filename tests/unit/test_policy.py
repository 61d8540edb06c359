"""The centre's policy file: what it says, what is wrong in it, and what holds without one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labctl.errors import LabFileError, UsageError
from labctl.library import strict_yaml
from labctl.policy.file import digest, examine, in_force, policy_path, spelled
from labctl.policy.rules import Attempts, Policy
from labctl.policy.shape import as_data, from_data, json_schema
from tests.fakes.command import Command

WHOLE = """\
format: 1
attempts:
  practice: {limit: unlimited}
  assessment: {limit: 3, cool_off_days: 7}
while_working:
  hints: []
  check: [practice]
  checks: all
approved_labs: off
keep_disks_days: 1095
"""
RULES = Policy(
    assessment=Attempts(3, 7),
    hints=(),
    check=("practice",),
    checks="all",
    approved_labs="off",
    keep_disks_days=1095,
)

WRONG = """\
format: 1
attempts:
  assesment: {limit: 3}
  assessment: {limit: 0, cool_off_days: -1}
  practice: {limit: three}
while_working:
  hints: [practice, practise]
  check: [practice, practice]
  checks: everything
  checks: all
approved_labs: on
keep_disks_days: 4000
"""
MISTAKES = [
    (3, 3, "unknown key `assesment`. Did you mean `assessment`?"),
    (4, 23, "expected `unlimited` or a whole number from 1; found `0`"),
    (4, 41, "expected a number of days from 0 to 3650; found `-1`"),
    (5, 21, "expected `unlimited` or a whole number; found `three`"),
    (7, 21, "expected `practice` or `assessment`; found `practise`"),
    (8, 10, "expected each mode once; found a list"),
    (9, 11, "expected `harmless` or `all`; found `everything`"),
    (10, 3, "the key `checks` stands here twice"),
    (11, 16, "expected `required`, `warn` or `off`; found `on`"),
    (12, 18, "expected a number of days from 0 to 3650; found `4000`"),
]


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "policy.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_without_a_file_everything_is_as_it_always_was(tmp_path: Path) -> None:
    found = in_force(tmp_path, {})
    assert (found.policy, found.file) == (Policy(), None)
    assert found.policy.attempts("assessment") == Attempts(None, 0)
    assert (found.policy.hints, found.policy.checks) == (("practice",), "harmless")
    assert found.policy.check == ("practice", "assessment")
    assert found.policy.approved_labs == "warn"


def test_a_file_gives_its_rules_and_the_line_of_each(tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE)
    found = in_force(tmp_path, {})
    assert (found.policy, found.file) == (RULES, path)
    assert found.lines["attempts", "assessment", "cool_off_days"] == 4
    assert ("attempts", "practice", "cool_off_days") not in found.lines


def test_the_file_that_the_variable_names_comes_first(tmp_path: Path) -> None:
    written(tmp_path, WHOLE)
    other = tmp_path / "other.yaml"
    other.write_text("format: 1\n")
    named = {"LABCTL_POLICY": str(other)}
    assert policy_path(tmp_path, named) == other
    assert in_force(tmp_path, named).policy == Policy()
    assert policy_path(tmp_path, {"LABCTL_POLICY": ""}) == tmp_path / "policy.yaml"


def test_every_mistake_is_told_at_its_place(tmp_path: Path) -> None:
    path = written(tmp_path, WRONG)
    found, findings = examine(path)
    assert found is None
    assert [(each.line, each.column) for each in findings] == [each[:2] for each in MISTAKES]
    for finding, (*_, told) in zip(findings, MISTAKES, strict=True):
        assert told in str(finding)
    with pytest.raises(LabFileError, match="practise") as caught:
        in_force(tmp_path, {})
    assert "No session starts" in caught.value.hint


@pytest.mark.parametrize(
    "text, told",
    [
        (b"format: 1\nattempts: \xff\n", ":2:1: the file is not UTF-8"),
        ("", "a policy is a mapping"),
        ("- format: 1\n", "a policy is a mapping"),
        ("attempts: {}\n", "`format` is missing"),
        ("format: 2\n", "expected 1; found `2`"),
        ("format: 1\nwhile_working: {hints: }\n", "expected a list; found nothing"),
        ("format: 1\nattempts: {practice: {limit: true}}\n", "found `true`"),
        ("format: 1\nattempts: &a {}\n", "anchors"),
        ("format: 1\nattempts: {practice: {limit: 3}\n", "not valid YAML"),
        ("#" * (strict_yaml.MAX_SIZE + 1), "larger than 1 MiB"),
    ],
)
def test_what_is_no_policy_is_told(tmp_path: Path, text: str | bytes, told: str) -> None:
    found, findings = examine(written(tmp_path, text))
    assert found is None
    assert told in "\n".join(map(str, findings))


def test_a_policy_that_is_named_and_not_there_is_never_passed_over(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file") as caught:
        in_force(tmp_path, {"LABCTL_POLICY": str(tmp_path / "gone.yaml")})
    assert "LABCTL_POLICY" in caught.value.hint
    (tmp_path / "policy.yaml").symlink_to("nowhere")
    with pytest.raises(UsageError, match="cannot be read"):
        in_force(tmp_path, {})


def test_the_digest_is_of_what_a_policy_says_and_not_of_how(tmp_path: Path) -> None:
    spread = "format: 1\n# as by default\nattempts:\n  practice:\n    limit: 'unlimited'\n"
    one, _ = examine(written(tmp_path, spread))
    assert one is not None
    assert digest(one.policy) == digest(Policy())
    assert digest(RULES) != digest(Policy())


@pytest.mark.parametrize("policy", [Policy(), RULES])
def test_a_policy_comes_back_from_the_record(policy: Policy) -> None:
    assert from_data(json.loads(spelled(policy))) == policy


def test_one_from_before_a_rule_was_made_has_it_as_by_default() -> None:
    data = as_data(RULES)
    del data["approved_labs"]
    assert from_data(data).approved_labs == "warn"


def test_the_schema_says_what_the_file_may_say() -> None:
    schema = json_schema()
    assert schema["required"] == ["format"]
    parts = schema["$defs"]
    assert not any(each["additionalProperties"] for each in (schema, *parts.values()))
    limit = parts["AttemptRules"]["properties"]["limit"]
    assert {"minimum": 1, "type": "integer"} in limit["anyOf"]
    assert limit["default"] == "unlimited"
    modes = parts["WhileWorking"]["properties"]["check"]
    assert modes["items"]["enum"] == ["practice", "assessment"]
    assert modes["uniqueItems"] is True
    assert schema["properties"]["approved_labs"]["enum"] == ["required", "warn", "off"]


# ------------------------------------------------------------------ the command


def test_show_tells_each_rule_and_where_it_is_from(labctl: Command) -> None:
    said = labctl("policy", "show")
    assert "no file: everything is as by default" in said.err
    assert "policy.yaml" not in said.out
    written(labctl.home, WHOLE)
    said = labctl("policy", "show")
    assert "attempts.assessment.limit" in said.out
    lines = {line.split()[0]: line.split()[1:] for line in said.out.splitlines()[1:]}
    assert lines["attempts.assessment.limit"] == ["3", "policy.yaml:4"]
    assert lines["attempts.practice.cool_off_days"] == ["0", "default"]
    assert lines["while_working.hints"] == ["none", "policy.yaml:6"]
    assert lines["approved_labs"] == ["off", "policy.yaml:9"]
    told = labctl("policy", "show", "--json").json
    assert told["policy"] == as_data(RULES)
    assert told["digest"] == digest(RULES)
    assert told["file"] == str(labctl.home / "policy.yaml")
    assert "attempts.practice.cool_off_days" not in told["given"]


def test_check_tells_all_mistakes_and_fails(labctl: Command, tmp_path: Path) -> None:
    path = written(tmp_path, WRONG)
    said = labctl("policy", "check", str(path), code=1)
    assert len(said.out.splitlines()) == len(MISTAKES)
    assert f"{path}:3:3: unknown key" in said.out
    assert f"{len(MISTAKES)} mistakes" in said.err
    assert len(labctl("policy", "check", str(path), "--json", code=1).json) == len(MISTAKES)
    path.write_text(WHOLE)
    assert "nothing wrong" in labctl("policy", "check", str(path)).err
    assert "cannot be read" in labctl("policy", "check", str(tmp_path / "no.yaml"), code=2).err


def test_schema_prints_the_schema(labctl: Command) -> None:
    assert labctl("policy", "schema").json == json_schema()


def test_nothing_starts_under_a_policy_with_mistakes(labctl: Command) -> None:
    written(labctl.home, WRONG)
    said = labctl("start", "notes", "--candidate", "amy", "bilal", code=3)
    assert said.err.count("unknown key `assesment`") == 1
    assert labctl("sessions", "--all", "--json").json == []
