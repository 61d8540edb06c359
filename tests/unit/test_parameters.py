"""Drawing values from a seed: pinned for ever, independent of each other, never overlapping."""

from __future__ import annotations

import hashlib
import ipaddress
import itertools
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labctl.library import parameters as drawing
from labctl.library.format import Parameter
from labctl.library.parameters import ALPHABET, NoRoom, Stream, draw
from labctl.library.subnets import TRIES, Pool, Subnet, choose
from labctl.library.values import as_json, shell_prelude, variables

GOLDEN = Path(__file__).parents[1] / "golden" / "library" / "values.json"

PARAMETERS: dict[str, Any] = {
    "site_a": {"subnet": {"of": "10.0.0.0/8", "prefix": 24}},
    "site_b": {"subnet": {"of": "10.0.0.0/8", "prefix": 24}},
    "link": {"subnet": {"of": "172.16.0.0/12", "prefix": 30}},
    "crowded_1": {"subnet": {"of": "192.0.2.0/24", "prefix": 27}},
    "crowded_2": {"subnet": {"of": "192.0.2.0/24", "prefix": 27}},
    "wide": {"subnet": {"of": "10.0.0.0/8", "prefix": 16}},
    "site_6": {"subnet": {"of": "fd00::/8", "prefix": 64}},
    "port": {"int": [8000, 8999]},
    "negative": {"int": [-5, 5]},
    "fault": {"choice": ["mask", "gateway", "dns"]},
    "flag": {"choice": [True, False]},
    "team": {"sample": {"from": ["amy", "bilal", "chen", "dilys", "emeka"], "count": 3}},
    "secret": {"token": 12},
}
SEEDS = (0, 1, 2, 7, 20_261_124, 2**63 - 1)


def made(raw: dict[str, Any]) -> dict[str, Parameter]:
    return {name: Parameter.model_validate(value) for name, value in raw.items()}


def drawn(raw: dict[str, Any], seed: int, lab: str = "example") -> dict[str, Any]:
    return {name: as_json(value) for name, value in draw(made(raw), lab, seed).items()}


def test_the_values_of_a_seed_never_change() -> None:
    """A failure here means that a seed no longer gives a candidate the values it gave before."""
    pinned = json.loads(GOLDEN.read_text())
    assert {str(seed): drawn(PARAMETERS, seed) for seed in SEEDS} == pinned


def test_the_algorithm_is_the_documented_one() -> None:
    text = b'["labctl-parameters",1,"example",7,"n",0]'
    block = int.from_bytes(hashlib.sha256(text).digest(), "big")
    assert drawn({"n": {"int": [100, 999]}}, 7) == {"n": 100 + block % 900}


def test_labs_seeds_and_names_each_give_other_values() -> None:
    tokens = {
        drawn({name: {"token": 20}}, seed, lab)[name]
        for name, seed, lab in itertools.product("ab", (1, 2), ("x", "y"))
    }
    assert len(tokens) == 8


@pytest.mark.parametrize("seed", range(20))
def test_adding_a_parameter_changes_no_other(seed: int) -> None:
    before = drawn(PARAMETERS, seed)
    more = {"new": {"int": [1, 9]}, **PARAMETERS, "last": {"subnet": PARAMETERS["link"]["subnet"]}}
    after = drawn(more, seed)
    assert {name: after[name] for name in before} == before


@given(st.integers(0, 2**63 - 1))
def test_values_are_what_the_parameters_say(seed: int) -> None:
    values = drawn(PARAMETERS, seed)
    assert 8000 <= values["port"] <= 8999
    assert -5 <= values["negative"] <= 5
    assert values["fault"] in PARAMETERS["fault"]["choice"]
    assert len(set(values["team"])) == 3
    assert set(values["team"]) <= set(PARAMETERS["team"]["sample"]["from"])
    assert len(values["secret"]) == 12
    assert set(values["secret"]) <= set(ALPHABET)
    networks = [
        ipaddress.ip_network(values[name]) for name, how in PARAMETERS.items() if "subnet" in how
    ]
    for one, other in itertools.combinations(networks, 2):
        assert one.version != other.version or not one.overlaps(other)


def test_every_value_of_a_range_and_of_a_choice_comes() -> None:
    ranged = {"n": {"int": [1, 3]}, "c": {"choice": ["a", "b"]}, "s": PARAMETERS["team"]}
    values = [drawn(ranged, seed) for seed in range(200)]
    assert {one["n"] for one in values} == {1, 2, 3}
    assert {one["c"] for one in values} == {"a", "b"}
    orders = {tuple(one["s"]) for one in values}
    assert any(list(order) != sorted(order) for order in orders)
    assert drawn({"n": {"int": [4, 4]}}, 1) == {"n": 4}


def test_tokens_hold_nothing_that_is_read_for_something_else() -> None:
    assert not set("0Oo1lI") & set(ALPHABET)
    assert len(set(ALPHABET)) == len(ALPHABET)


def test_a_block_past_the_last_whole_multiple_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blocks = iter([2**256 - 1, 5])
    monkeypatch.setattr(Stream, "_block", lambda _self: next(blocks))
    assert Stream("x", 1, "y").below(3) == 2  # 2**256 - 1 is a multiple of 3 and is refused


def test_a_pool_is_filled_to_the_last_subnet() -> None:
    pool = {"of": "192.0.2.0/24", "prefix": 27}
    raw = {f"p{index}": {"subnet": pool} for index in range(6)}
    for seed in range(10):
        values = drawn(raw, seed)
        assert len(set(values.values())) == 6
        # The first and the last of eight are traps and are never drawn.
        assert not {"192.0.2.0/27", "192.0.2.224/27"} & set(values.values())
    with pytest.raises(NoRoom) as caught:
        drawn({**raw, "p6": {"subnet": pool}}, 1)
    assert caught.value.name == "p6"


def test_wide_subnets_find_room_whatever_the_order() -> None:
    raw = {f"small{index}": {"subnet": {"of": "10.8.0.0/16", "prefix": 24}} for index in range(8)}
    raw["big"] = {"subnet": {"of": "10.8.0.0/16", "prefix": 17}}
    for seed in range(10):
        assert len(drawn(raw, seed)) == 9


def test_free_subnets_are_counted_out_where_drawing_fails() -> None:
    pool = Pool(ipaddress.ip_network("10.0.0.0/24"), 27)
    taken = [pool.at(0), ipaddress.ip_network("10.0.0.64/26"), ipaddress.ip_network("fd00::/8")]
    draws = iter([0] * TRIES + [1])
    assert choose(pool, taken, lambda _limit: next(draws)) == pool.at(4)
    assert pool.blocked(taken) == [(0, 0), (1, 2)]
    assert pool.blocked([ipaddress.ip_network("10.0.0.0/8")]) == [(0, 5)]
    crossing = [ipaddress.ip_network(text) for text in ("10.0.0.32/30", "10.0.0.32/28")]
    assert pool.blocked(crossing) == [(0, 0)]
    assert pool.blocked([ipaddress.ip_network("10.0.0.0/28")]) == []  # the one left out
    assert choose(pool, [pool.at(0)], lambda limit: 0 if limit == 6 else 4) == pool.at(5)
    assert choose(pool, [ipaddress.ip_network("10.0.0.0/8")], lambda _limit: 0) is None


@pytest.mark.parametrize(
    "cidr, number, address",
    [
        ("10.1.2.0/24", 1, "10.1.2.1"),
        ("10.1.2.0/24", 254, "10.1.2.254"),
        ("10.1.2.0/24", -1, "10.1.2.254"),
        ("10.1.2.0/24", -254, "10.1.2.1"),
        ("10.1.2.4/30", 2, "10.1.2.6"),
        ("10.1.2.4/31", 1, "10.1.2.4"),
        ("10.1.2.4/31", 2, "10.1.2.5"),
        ("10.1.2.4/32", 1, "10.1.2.4"),
        ("fd00:1::/64", 1, "fd00:1::1"),
        ("fd00:1::/64", -1, "fd00:1::ffff:ffff:ffff:ffff"),
    ],
)
def test_hosts_of_a_subnet(cidr: str, number: int, address: str) -> None:
    assert Subnet(cidr).host(number) == address


@pytest.mark.parametrize("number", [0, 255, -255, True, "1", 1.0])
def test_hosts_that_are_not_there(number: Any) -> None:
    with pytest.raises(ValueError, match=r"host"):
        Subnet("10.1.2.0/24").host(number)


def test_parts_of_a_subnet() -> None:
    subnet = Subnet("10.1.2.0/24")
    assert (subnet.network, subnet.prefixlen) == ("10.1.2.0", 24)
    assert (subnet.netmask, subnet.broadcast) == ("255.255.255.0", "10.1.2.255")
    assert str(subnet) == "10.1.2.0/24"
    with pytest.raises(ValueError, match="no broadcast"):
        _ = Subnet("fd00::/64").broadcast


@pytest.mark.parametrize(
    "raw, message",
    [
        ({"subnet": {"of": "10.0.0.1/8", "prefix": 24}}, "not how a subnet is written"),
        ({"subnet": {"of": "ten", "prefix": 24}}, "is no subnet"),
        ({"subnet": {"of": "224.0.0.0/4", "prefix": 24}}, "hosts cannot have"),
        ({"subnet": {"of": "10.0.0.0/8", "prefix": 33}}, "does not fit"),
        ({"int": [2, 1]}, "empty"),
        ({"choice": ["a", "a"]}, "twice"),
        ({"sample": {"from": ["a", "b"], "count": 3}}, "cannot be drawn"),
        ({"sample": {"from": ["a", ""], "count": 1}}, "blank"),
    ],
)
def test_parameters_that_cannot_be_drawn(raw: dict[str, Any], message: str) -> None:
    (fault,) = drawing.faults(Parameter.model_validate(raw))
    assert message in fault.message


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_parameters_that_can_be_drawn(name: str) -> None:
    assert drawing.faults(Parameter.model_validate(PARAMETERS[name])) == []


def test_a_subnet_is_not_drawn_alone() -> None:
    with pytest.raises(ValueError, match="together"):
        drawing.draw_one(made(PARAMETERS)["link"], Stream("x", 1, "link"))


def test_variables_of_scripts() -> None:
    values = {
        "port": 8080,
        "site": Subnet("10.1.2.0/24"),
        "team": ["amy", "bilal"],
        "flag": True,
        "quote": "it's $HOME",
    }
    assert variables(values) == {
        "LAB_PORT": "8080",
        "LAB_SITE": "10.1.2.0/24",
        "LAB_SITE_NETWORK": "10.1.2.0",
        "LAB_SITE_PREFIXLEN": "24",
        "LAB_SITE_NETMASK": "255.255.255.0",
        "LAB_TEAM": "amy bilal",
        "LAB_FLAG": "true",
        "LAB_QUOTE": "it's $HOME",
    }


def test_the_prelude_of_a_script_is_quoted() -> None:
    values = {"LAB_A": 'it\'s $(id); "x" `id`', "LAB_B": "two\nlines", "LAB_C": ""}
    script = shell_prelude(values) + b'printf "%s|" "$LAB_A" "$LAB_B" "$LAB_C"; env | grep LAB_'
    done = subprocess.run(["/bin/sh"], input=script, capture_output=True, check=False, env={})
    assert done.stdout.decode() == "".join(f"{value}|" for value in values.values())


@pytest.mark.parametrize(
    "values", [{"PATH": "x"}, {"LAB_A B": "x"}, {"LAB_A\n": ""}, {"LAB_A": "\0"}]
)
def test_what_no_prelude_can_hold(values: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"variable|NUL"):
        shell_prelude(values)


def test_values_that_are_none() -> None:
    assert as_json((Subnet("10.0.0.0/8"), {"a": 1.5})) == ["10.0.0.0/8", {"a": 1.5}]
    for value in (Subnet("10.0.0.0/8").host, object()):
        with pytest.raises(ValueError, match=r"function|value"):
            as_json(value)
