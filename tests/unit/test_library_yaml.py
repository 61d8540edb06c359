"""The strict YAML loader: what plain scalars mean, what is refused, and where."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from labctl.errors import LabFileError
from labctl.library import strict_yaml
from labctl.library.positions import Mark


@pytest.mark.parametrize(
    "text, value",
    [
        ("2222:22", "2222:22"),
        ("on", "on"),
        ("yes", "yes"),
        ("No", "No"),
        ("010", "010"),
        ("0x10", "0x10"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("1e3", "1e3"),
        (".5", ".5"),
        (".inf", ".inf"),
        ("2026-08-31", "2026-08-31"),
        ("02:00:00:00:00:01", "02:00:00:00:00:01"),
        ("<<", "<<"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("+7", 7),
        ("1.5", 1.5),
        ("-0.25", -0.25),
        ("1.5e3", 1500.0),
        ("'1'", "1"),
        ('"true"', "true"),
        ('""', ""),
        ("[1, a]", [1, "a"]),
        ("{a: 1}", {"a": 1}),
        ("{1: a, true: b}", {"1": "a", "true": "b"}),
        ("[]", []),
    ],
)
def test_a_plain_scalar_means_what_it_looks_like(text: str, value: object) -> None:
    loaded = strict_yaml.load(f"key: {text}\n", "x.yaml")["key"]
    assert loaded == value
    assert type(loaded) is type(value)


@pytest.mark.parametrize(
    "text, where, message",
    [
        ("a: 1\na: 2", "2:1", "the key `a` stands here twice"),
        ("a: 1\n'a': 2", "2:1", "the key `a` stands here twice"),
        ("a: &x 1\nb: 2", "1:4", "anchors and aliases (`&x`)"),
        ("a: &x 1\nb: *x", "2:4", "anchors and aliases (`*x`)"),
        ("a: &x 1", "1:4", "Write the value out (a lab's `for_each` repeats a check"),
        (
            "a: {<<: {b: 1}}",
            "1:5",
            "merge keys (`<<`) are not allowed. Write the keys out; a lab's",
        ),
        ("a: !!python/name:os.system", "1:4", "tags"),
        ("a: !x [1]", "1:4", "tags"),
        ("---\na: 1\n---\nb: 2", "3:1", "a second document"),
        ("[1, 2]: a", "1:1", "a key must be plain text"),
        ("a: {{ b }}", "1:5", "Put quotes round a value that starts with a brace"),
        ("a: {{ b }}/24", "1:5", "Put quotes round a value that starts with a brace"),
        ("a:\n\tb: 1", "2:1", "no tabs"),
        ("a: b: c", "1:5", "Put quotes round a text that contains `: `"),
        ("a: @b", "1:4", "Put quotes round a text that begins with a special character"),
        ("a: 'b", "1:6", "not valid YAML"),
        ("a: \x01", "1:4", "a character that YAML does not allow"),
        ('a: "\\0"', "1:4", "a NUL"),
        ("[" * 70, "1:66", "nested deeper than 64 levels"),
        ("a: " + "x" * strict_yaml.MAX_SIZE, "1:1", "larger than 1 MiB"),
    ],
)
@pytest.mark.parametrize("loader", ["as installed", "pure Python"])
def test_what_is_refused_is_told_with_its_place(
    monkeypatch: pytest.MonkeyPatch, text: str, where: str, message: str, loader: str
) -> None:
    if loader == "pure Python":
        if text == "a: 'b":
            where = "1:6"
        monkeypatch.setattr(strict_yaml, "_LOADER", yaml.SafeLoader)
    with pytest.raises(LabFileError) as caught:
        strict_yaml.load(text, "x.yaml")
    assert caught.value.exit_code == 3
    assert f"x.yaml:{where}: " in caught.value.message
    assert message in caught.value.message


def test_all_mistakes_are_told_at_once() -> None:
    document = strict_yaml.read("a: 1\na: 2\nb: &x 1\nc: !t 2\n", "x.yaml")
    assert [finding.line for finding in document.findings] == [2, 3, 4]


def test_a_merge_key_is_told_once_and_a_key_in_quotes_is_none() -> None:
    document = strict_yaml.read("a: {<<: {b: 1}, c: 2}\nd: 3\n", "x.yaml")
    assert [finding.line for finding in document.findings] == [1]
    assert document.value == {"a": {"c": 2}, "d": 3}
    assert ("a",) in document.positions.broken
    assert strict_yaml.load('"<<": 1\n', "x.yaml") == {"<<": 1}


def test_an_alias_bomb_is_refused_and_not_expanded() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
    )
    assert len(strict_yaml.read(bomb, "x.yaml").findings) == 61


def test_positions_of_keys_values_and_block_lines() -> None:
    text = "top:\n  - name: x\n    text: |\n\n      one\n      two\n"
    positions = strict_yaml.load_document(text, "x.yaml").positions
    assert positions.key(("top", 0, "name")) == Mark(2, 5)
    assert positions.value(("top", 0, "name")) == Mark(2, 11)
    assert positions.value(("top", 0, "text"), 2) == Mark(5, 7)
    assert positions.value(("top", 0, "text"), 3) == Mark(6, 7)
    assert positions.key(("top", 0, "not", "there")) == Mark(2, 5)
    assert positions.value(()) == Mark(1, 1)


def test_a_byte_order_mark_and_empty_files() -> None:
    assert strict_yaml.load("", "x.yaml") is None
    assert strict_yaml.load("# nothing\n", "x.yaml") is None


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_without_a_crash(text: str) -> None:
    document = strict_yaml.read(text, "x.yaml")
    for finding in document.findings:
        assert finding.line >= 1
        assert finding.column >= 1


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text("abc: -#{}[]'\"1.", max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner)
        ),
        max_leaves=12,
    )
)
def test_what_pyyaml_writes_is_read_back(value: object) -> None:
    text = yaml.safe_dump({"value": value}, default_flow_style=True, width=10_000)
    if "&id" not in text:
        assert strict_yaml.load(text, "x.yaml") == {"value": value}
