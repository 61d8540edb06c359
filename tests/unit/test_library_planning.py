"""From a lab and a seed to a plan; the library's list and search; scaffold and schema."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from labctl.errors import LabFileError, UnknownName, UsageError
from labctl.library import strict_yaml
from labctl.library.catalogue import load_catalogue
from labctl.library.filling import HostFacts, mac_address
from labctl.library.findings import errors_of
from labctl.library.folder import read_archive
from labctl.library.library import Library, lab_from_archive
from labctl.library.lint import lint
from labctl.library.planning import MAX_SEED, Lab, plan, verification_seeds
from labctl.library.scaffold import AREAS, scaffold
from labctl.library.schema import json_schema
from labctl.library.surroundings import BUILT_IN, Surroundings
from labctl.plan import Access, LoginPlan, Plan, StepPlan, plan_from_json, plan_to_json

LABS = Path(__file__).parents[1] / "golden" / "library" / "labs"


@pytest.fixture
def library() -> Library:
    return Library.open([LABS], {})


@pytest.fixture
def route(library: Library) -> Lab:
    return library.lab("example-route")


@pytest.fixture
def team(library: Library) -> Lab:
    return library.lab("example-team")


# ------------------------------------------------------------------ planning


def test_a_plan_survives_being_stored(route: Lab, team: Lab) -> None:
    for lab in (route, team):
        made = plan(lab, 7)
        assert plan_from_json(json.loads(json.dumps(plan_to_json(made)))) == made


def test_the_same_seed_gives_the_same_plan_and_another_another(library: Library) -> None:
    first = plan(library.lab("example-route"), 7)
    assert plan(library.lab("example-route"), 7) == first
    assert plan(library.lab("example-route"), 8).values != first.values


def test_a_plan_holds_no_template(route: Lab, team: Lab) -> None:
    for lab in (route, team):
        assert "{{" not in json.dumps(plan_to_json(plan(lab, 7)))


def test_header_and_values(route: Lab) -> None:
    made = plan(route, 7)
    assert (made.lab, made.area, made.level, made.seed) == ("example-route", "networking", 3, 7)
    assert made.duration == 5400
    assert made.pass_mark == "all"
    assert made.lab_digest == route.folder.digest
    assert made.requires == ("netem", "tbf")
    assert made.evidences[0] == {"unit": "networking-l3", "criteria": ["2.1", "2.2"]}
    assert made.values["r1_lan_a"] == made.values["site_a"].replace(".0/24", ".1")
    assert made.variables["LAB_R1_LAN_A"] == made.values["r1_lan_a"]
    assert made.variables["LAB_SITE_A_NETMASK"] == "255.255.255.0"


def test_networks_and_hosts(route: Lab) -> None:
    made = plan(route, 7)
    lan_b = made.networks[1]
    assert (lan_b.delay_ms, lan_b.loss, lan_b.rate_bits, lan_b.mtu) == (40, 2, 2_000_000, 1400)
    r1 = made.host("r1")
    assert [(port.network, port.interface) for port in r1.ports] == [
        ("lan-a", "eth0"),
        ("lan-b", "eth1"),
    ]
    assert (r1.memory, r1.cpus) == (128 << 20, 0.5)
    assert r1.sysctls == {"net.ipv4.ip_forward": "0"}
    assert r1.tmpfs == {"/var/log": 64 << 20}
    assert r1.login == LoginPlan("root")
    assert made.host("pc1").login == LoginPlan("candidate")
    assert made.host("examiner").login is None
    assert made.host("examiner").access is Access.NONE


def test_hardware_addresses_are_local_unicast_and_each_its_own(route: Lab) -> None:
    macs = [
        port.mac for seed in range(5) for host in plan(route, seed).hosts for port in host.ports
    ]
    assert len(set(macs)) == len(macs)
    assert all(re.fullmatch(r"02(:[0-9a-f]{2}){5}", mac) for mac in macs)
    assert mac_address("example", 7, "r1", 0) == "02:58:0c:ce:a9:92"
    made = plan(route, 7)
    assert made.host("r1").ports[0].mac in made.tasks[0].brief
    with pytest.raises(ValueError, match="no network"):
        _ = HostFacts().mac


def test_checks(route: Lab) -> None:
    made = plan(route, 7)
    first, second, third = made.checks
    address = made.values["r1_lan_a"]
    assert first.parameters == {"name": "eth0", "addresses": [f"{address}/24"], "up": True}
    assert (first.marks, first.criteria, first.kind) == (2, ("2.1",), "interface")
    assert second.title == "Lan b address"
    assert third.needs == ("lan-a-address", "lan-b-address")
    assert (third.retry, third.timeout, third.origin) == (10, 30, "examiner")
    (aspect,) = made.tasks[1].judged
    assert (aspect.marks, aspect.meets, aspect.evidence) == (3, 2, {"file": "r1:/srv/change.md"})
    assert aspect.scale["0"] == "nothing"


def test_repeated_checks(team: Lab) -> None:
    made = plan(team, 7)
    people, port = made.values["team"], made.values["port"]
    ids = [check.id for check in made.checks]
    assert ids == [*(f"account-{name}" for name in people), f"port-{port}", "port-22", "own"]
    account = made.checks[0]
    assert account.title == f"The account is there ({people[0]})"
    assert account.parameters["path"] == f"/home/{people[0]}"
    assert made.checks[3].needs == tuple(f"account-{name}" for name in people)
    assert made.checks[-1].visible == "assessor"
    assert made.checks[-1].when == "after-restart"
    login = made.host("server").login
    assert login == LoginPlan(people[0], sudo=True)
    assert made.pass_mark == 60
    assert f"- `{people[2]}`" in made.tasks[0].brief


def test_cases(route: Lab, team: Lab) -> None:
    def named(made: Plan) -> dict[str, Any]:
        return {case.name: case for case in made.cases}

    cases = named(plan(team, 7))
    people = plan(team, 7).values["team"]
    assert cases["untouched"].outcome == "not-yet-achieved"
    assert cases["wrong-owner"].fails == tuple(f"account-{name}" for name in people)
    assert cases["wrong-one"].fails == (f"account-{people[0]}",)
    by_fault = {
        made.values["fault"]: named(made) for made in (plan(route, seed) for seed in range(20))
    }
    assert "gateway-fault" not in by_fault["mask"]
    fault = by_fault["gateway"]["gateway-fault"]
    assert fault.steps == (StepPlan("pc1", "cases/gateway.sh"), StepPlan(restart="pc1"))
    first = plan(route, 1).cases[0]
    assert (first.name, first.steps, first.outcome) == ("untouched", (), "not-yet-achieved")
    assert by_fault["mask"]["solution"].marks == "all"
    assert by_fault["mask"]["solution"].judged == {"change-record": 3}


def test_verification_sees_every_choice(route: Lab) -> None:
    seeds = verification_seeds(route, 3)
    assert seeds[:3] == (0, 1, 2)
    assert {plan(route, seed).values["fault"] for seed in seeds} == {"mask", "gateway"}
    assert len(verification_seeds(route, 1)) == 2


def test_verification_leaves_alone_what_no_case_names(team: Lab) -> None:
    assert verification_seeds(team, 2) == (0, 1)  # `banner` has two values, and no case asks


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1])
def test_seeds_that_are_none(route: Lab, seed: int) -> None:
    with pytest.raises(UsageError, match="is no seed"):
        plan(route, seed)


def test_a_plan_is_made_from_the_stored_copy_alike(library: Library, route: Lab) -> None:
    stored = read_archive(route.folder.archive())
    again = lab_from_archive(stored, library.surroundings())
    assert plan(again, 7) == plan(route, 7)


def test_a_lab_with_mistakes_gives_no_plan(tmp_path: Path) -> None:
    folder = tmp_path / "networking" / "example-route"
    shutil.copytree(LABS / "networking/example-route", folder)
    path = folder / "lab.yaml"
    path.write_text(path.read_text().replace("host: r1", "host: r2"))
    lab = Library.open([tmp_path], {}).lab("example-route")
    with pytest.raises(LabFileError, match="there is no host `r2`") as caught:
        plan(lab, 1)
    assert len(caught.value.message.splitlines()) == 3


# ------------------------------------------------------------------ library


def test_the_list(library: Library) -> None:
    entries = {entry.id: entry for entry in library.list()}
    route = entries["example-route"]
    assert (route.area, route.level, route.provider) == ("networking", 3, "docker")
    assert (route.duration_minutes, route.title) == (90, "Reach the other office")
    assert route.folder == str(LABS / "networking" / "example-route")
    assert route.findings == ()


def test_thirty_labs_are_listed(tmp_path: Path) -> None:
    text = (LABS / "networking/example-route/lab.yaml").read_text()
    for index in range(30):
        folder = tmp_path / "networking" / f"lab-{index}"
        folder.mkdir(parents=True)
        (folder / "lab.yaml").write_text(text.replace("id: example-route", f"id: lab-{index}"))
    library = Library.open([tmp_path], {}, built_in=False)
    assert len(library.list()) == 30


def test_broken_labs_are_listed_with_what_is_wrong(tmp_path: Path) -> None:
    for name, text in {
        "one": "id: one\ntitle: One\narea: linux\nlevel: 2\nprovider: [x]\n",
        "two": "a: [\n",
        "three": "",
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "lab.yaml").write_text(text)
    (tmp_path / "four").mkdir()
    (tmp_path / "four" / "lab.yaml").mkdir()
    library = Library.open([tmp_path], {}, built_in=False)
    entries = {entry.id: entry for entry in library.list()}
    assert set(entries) == {"one", "two", "three", "four"}
    assert all(entry.findings for entry in entries.values())
    assert (entries["one"].title, entries["one"].level) == ("One", 2)
    assert entries["one"].provider == ""
    assert "cannot be read" in str(entries["four"].findings[0])
    with pytest.raises(LabFileError, match="is missing"):
        library.lab("one")


def test_the_first_of_two_labs_with_one_id_is_used(tmp_path: Path) -> None:
    shutil.copytree(LABS / "linux/example-team", tmp_path / "example-team")
    library = Library.open([LABS, tmp_path], {}, built_in=False)
    assert library.folder("example-team") == LABS / "linux/example-team"
    twice = [entry for entry in library.list() if entry.id == "example-team"]
    assert [bool(entry.findings) for entry in twice] == [False, True]
    assert "is used instead" in str(twice[1].findings[-1])


def test_unknown_labs_and_libraries(library: Library) -> None:
    with pytest.raises(UnknownName) as caught:
        library.lab("example-rout")
    assert "`example-route`" in caught.value.hint
    with pytest.raises(UsageError, match="no library"):
        Library.open(["/nowhere"], {})
    with pytest.raises(UsageError, match="no library"):
        Library.open([], {"LABCTL_LIBRARY": "/nowhere"})


def test_the_search_path(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    variables = {"LABCTL_LIBRARY": f"{tmp_path}/b:{tmp_path}/a"}
    library = Library.open([tmp_path / "a"], variables)
    assert library.roots == (tmp_path / "a", tmp_path / "b", BUILT_IN)


def test_images_are_no_labs(tmp_path: Path) -> None:
    (tmp_path / "images" / "host").mkdir(parents=True)
    (tmp_path / "images" / "host" / "lab.yaml").write_text("")
    assert Library.open([tmp_path], {}, built_in=False).list() == ()


@pytest.mark.parametrize("folder", list(Library.open([], {}).folders()), ids=lambda one: one.name)
def test_the_built_in_labs_have_nothing_wrong(folder: Path) -> None:
    assert lint(folder) == ()


# ------------------------------------------------------------------ scaffold


@pytest.mark.parametrize("area", sorted(AREAS))
def test_a_new_lab_has_nothing_wrong(tmp_path: Path, area: str) -> None:
    folder = scaffold(tmp_path, "my-lab", area, 3)
    assert folder == tmp_path / area / "my-lab"
    assert lint(folder) == ()
    made = plan(Library.open([tmp_path], {}).lab("my-lab"), 1)
    assert (made.area, made.level) == (area, 3)
    assert list((tmp_path / area).iterdir()) == [folder]


@pytest.mark.parametrize(
    "lab_id, area, level, message",
    [
        ("My Lab", "linux", 2, "cannot be the id"),
        ("../x", "linux", 2, "cannot be the id"),
        ("my-lab", "linx", 2, "no area `linx`"),
        ("my-lab", "linux", 5, "no level 5"),
    ],
)
def test_labs_that_cannot_be_made(
    tmp_path: Path, lab_id: str, area: str, level: int, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        scaffold(tmp_path, lab_id, area, level)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "linux").mkdir()
    (tmp_path / "linux" / "my-lab").symlink_to("/nowhere")
    with pytest.raises(UsageError, match="is there already"):
        scaffold(tmp_path, "my-lab", "linux", 2)


# ------------------------------------------------------------------ schema


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(references(item) for item in value))
    return set()


def test_the_schema_is_whole() -> None:
    schema = json_schema()
    assert json.loads(json.dumps(schema)) == schema
    for reference in references(schema):
        assert reference.removeprefix("#/$defs/") in schema["$defs"]
    assert {"format", "id", "hosts", "tasks"} <= set(schema["required"])


def test_the_schema_knows_check_types_and_templates() -> None:
    definitions = json_schema()["$defs"]
    check = definitions["Check"]
    assert check["properties"]["interface"]["anyOf"][0] == {"$ref": "#/$defs/check.interface"}
    assert {"required": ["ping"]} in check["oneOf"]
    assert check["additionalProperties"] is False
    template = {"type": "string", "pattern": r"\{\{.*\}\}"}
    assert template in check["properties"]["marks"]["anyOf"]
    assert template not in definitions["Parameter"]["properties"]["int"]["anyOf"]


def test_the_schema_tells_editors_where_names_of_the_lab_stand() -> None:
    definitions = json_schema()["$defs"]

    def field(model: str, name: str) -> Any:
        return definitions[model]["properties"][name]

    host, network = "A host of the lab.", "A network of the lab."
    assert field("Check", "host")["description"] == "The host of the lab that the check is about."
    assert field("Check", "from")["description"] == "The host of the lab that it is tried from."
    assert field("Step", "restart")["anyOf"][0]["description"] == host
    assert field("Case", "apply")["anyOf"][0]["propertyNames"]["description"] == host
    assert field("Host", "networks")["anyOf"][0]["items"]["description"] == network
    assert field("check.ping", "at")["anyOf"][0]["description"] == host
    assert field("check.dhcp_offer", "network")["description"] == network


# ------------------------------------------------------------------ catalogue


def test_the_built_in_catalogue() -> None:
    catalogue = load_catalogue([BUILT_IN / "catalogue.yaml"])
    assert {one.level for one in catalogue.qualifications.values()} == {2, 3, 4}
    assert all(one.source for one in catalogue.units.values())
    assert "2.1" in catalogue.criteria("networking-l3")
    assert catalogue.criteria("nothing") == ()


@pytest.mark.parametrize(
    "day, texts",
    [
        (date(2026, 8, 31), []),
        (date(2026, 9, 1), ["registration ended on 2026-08-31"]),
        (date(2028, 8, 31), ["registration ended on 2026-08-31"]),
        (date(2028, 9, 1), ["certification ended on 2028-08-31"]),
    ],
)
def test_dates_count_to_their_last_day(day: date, texts: list[str]) -> None:
    lines = load_catalogue([LABS / "catalogue.yaml"]).passed_dates(3, day)
    assert [line.partition(": ")[2] for line in lines] == texts
    assert load_catalogue([LABS / "catalogue.yaml"]).passed_dates(2, day) == ()


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("total_hours: 480", "total_hours: 470", "48 credits mean 480 hours"),
        ("last_registration: 2026-08-31", "last_registration: soon", "expected a date"),
        ("accreditation: 501/0000/X", "accreditation: none", "expected text that matches"),
        ("id: networking-l2", "id: networking-l3", "`networking-l3` stands here twice"),
        ("verified: false", "checked: false", "unknown key `checked`"),
    ],
)
def test_a_broken_catalogue_is_told_by_place(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text((LABS / "catalogue.yaml").read_text().replace(old, new))
    with pytest.raises(LabFileError, match=re.escape(message)) as caught:
        load_catalogue([path])
    assert re.search(r"catalogue\.yaml:\d+:\d+: ", caught.value.message)


def test_a_centre_s_catalogue_comes_first(tmp_path: Path) -> None:
    value = strict_yaml.load((LABS / "catalogue.yaml").read_text(), "x")
    text = (LABS / "catalogue.yaml").read_text().replace("Networking, level 2", "Ours")
    (tmp_path / "catalogue.yaml").write_text(text)
    both = load_catalogue([tmp_path / "catalogue.yaml", LABS / "catalogue.yaml", tmp_path / "no"])
    assert both.units["networking-l2"].title == "Ours"
    assert len(both.units) == len(value["units"])
    assert errors_of(lint(LABS / "networking/example-route", Surroundings())) == ()
