"""Templates: types kept, text filled in, undefined names and escapes from the sandbox refused."""

from __future__ import annotations

from typing import Any

import pytest

from labctl.library import quantities
from labctl.library.subnets import Subnet
from labctl.library.templates import TemplateFault, Templates, is_template

VALUES: dict[str, Any] = {
    "port": 8080,
    "site": Subnet("10.1.2.0/24"),
    "site_6": Subnet("fd00::/64"),
    "team": ["amy", "bilal"],
    "flag": True,
    "nothing": None,
}


@pytest.mark.parametrize(
    "text, value",
    [
        ("plain", "plain"),
        ("{{ port }}", 8080),
        ("{{port}}", 8080),
        ("{{- -port -}}", -8080),
        ("{{ port + 1 }}", 8081),
        ("{{ flag }}", True),
        ("{{ team }}", ["amy", "bilal"]),
        ("{{ team[0] }}", "amy"),
        ("{{ team | map('upper') }}", ["AMY", "BILAL"]),
        ("{{ site }}", Subnet("10.1.2.0/24")),
        ("{{ site.host(1) }}", "10.1.2.1"),
        ("{{ site.prefixlen }}", 24),
        ("{{ site.host(1) }}/{{ site.prefixlen }}", "10.1.2.1/24"),
        ("{{ true }}", True),
        ("{{ nothing }}", None),
        (" {{ port }}", " 8080"),
        ("{{ port }}\n", "8080\n"),
        ("at {{ site }}: {{ team }}, {{ flag }}", "at 10.1.2.0/24: amy bilal, true"),
        ("{{ port }}{{ port }}", "80808080"),
        ("{% for u in team %}{{ u }};{% endfor %}", "amy;bilal;"),
        ("{% if flag %}yes{% endif %}", "yes"),
        ("{# a remark #}x", "x"),
        ("{{ team | join(', ') }}", "amy, bilal"),
        ("${HOME} {a} }} %", "${HOME} {a} }} %"),
    ],
)
def test_what_is_filled_in(text: str, value: object) -> None:
    templates = Templates()
    for _ in range(2):  # compiled, and remembered
        filled = templates.fill(text, VALUES)
        assert filled == value
        assert type(filled) is type(value)


@pytest.mark.parametrize(
    "text, message, line",
    [
        ("{{ prot }}", "`prot` is not defined", 1),
        ("one\n{{ prot }} two", "`prot` is not defined", 2),
        ("{% if flag %}{% else %}{{ prot }}{% endif %}", "`prot` is not defined", 1),
        ("{{ prot.x }}", "`prot` is not defined", 1),
        ("{{ site.hots(1) }}", "a Subnet has no attribute `hots`", 1),
        ("x {{ site.hots }}", "a Subnet has no attribute `hots`", 1),
        ("{{ site.host }}", "this is a function", 1),
        ("x {{ site.host }}", "this is a function", 1),
        ("{{ site.host(0) }}", "there is no host(0)", 1),
        ("{{ site_6.broadcast }}", "no broadcast", 1),
        ("{{ team[9] }}", "no element 9", 1),
        ("{{ port / 0 }}", "division by zero", 1),
        ("{{ port", "not a valid template", 1),
        ("a\nb {{ port | nofilter }}", "No filter named `nofilter`", 2),
        ("x {{ nothing }}", "is no text", 1),
        ("x {{ none }}", "is no text", 1),
        ("{{ range(3) }}", "cannot be used as a value", 1),
        ("{{ 'x' * 1000000 }}", "grows past", 1),
        ("{{ port.__class__ }}", "unsafe", 1),
        ("{{ site._network() }}", "unsafe", 1),
        ("{{ team.append('x') }}", "", 1),
        ("{{ self }}", "", 1),
        ("{{ lipsum() }}", "`lipsum` is not defined", 1),
        ("{{ team | random }}", "No filter named `random`", 1),
        ("{% include 'x' %}", "", 1),
    ],
)
def test_what_cannot_be_filled_in(text: str, message: str, line: int) -> None:
    with pytest.raises(TemplateFault) as caught:
        Templates().fill(text, VALUES)
    assert message in caught.value.message
    assert caught.value.line == line
    assert VALUES["team"] == ["amy", "bilal"]


def test_all_missing_names_are_told() -> None:
    with pytest.raises(TemplateFault) as caught:
        Templates().fill("{{ b }} {{ port }} {{ a }}", VALUES)
    assert caught.value.missing == ("a", "b")


def test_what_a_template_is() -> None:
    assert is_template("{{ a }}")
    assert is_template("{% a %}")
    assert not is_template("{a} } }} $")


@pytest.mark.parametrize(
    "text, seconds",
    [("45m", 2700), ("1h30m", 5400), ("90s", 90), ("2.5s", 2.5), ("200ms", 0.2), ("1h", 3600)],
)
def test_durations(text: str, seconds: float) -> None:
    assert quantities.duration(text) == seconds


@pytest.mark.parametrize("value", ["", "45", "m", "1m1h", "-1s", "1 m", 45, None, "1.5m", "1d"])
def test_what_is_no_duration(value: object) -> None:
    with pytest.raises(ValueError, match="expected a duration"):
        quantities.duration(value)


def test_other_quantities() -> None:
    assert quantities.whole_seconds("1m") == 60
    assert quantities.milliseconds("40ms") == 40
    assert [quantities.size(value) for value in ("128M", "1G", "2K", "5", 7, "1MB")] == [
        128 << 20,
        1 << 30,
        2048,
        5,
        7,
        1 << 20,
    ]
    assert [quantities.percentage(value) for value in ("0%", "60%", "2.5%", "100%")] == [
        0,
        60,
        2.5,
        100,
    ]
    assert [quantities.rate(value) for value in ("2mbit", "512kbit", "1gbit", "9bit")] == [
        2_000_000,
        512_000,
        1_000_000_000,
        9,
    ]


@pytest.mark.parametrize(
    "read, value",
    [
        (quantities.whole_seconds, "500ms"),
        (quantities.whole_seconds, "1.5s"),
        (quantities.size, "lots"),
        (quantities.size, "0"),
        (quantities.size, True),
        (quantities.size, -1),
        (quantities.percentage, "101%"),
        (quantities.percentage, 60),
        (quantities.rate, "2"),
        (quantities.rate, "0bit"),
        (quantities.rate, 5),
    ],
)
def test_quantities_that_are_none(read: Any, value: object) -> None:
    with pytest.raises(ValueError, match="expected a"):
        read(value)
