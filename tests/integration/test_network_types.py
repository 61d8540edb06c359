"""Asking a real DHCP server, and by datagrams: what is seen, and that nothing is left behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from checkers.model import Blame, Connect, Program, Status, Vantage, Verdict
from checkers.traffic import Discover
from tests.rig import Rig, Session, machine, plan, rig, towards, wait_for

SERVER, FIRST, LAST = "10.1.0.5", "10.1.0.100", "10.1.0.199"
CLIENT = "02:1c:00:00:00:07"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rig(tmp_path_factory.mktemp("home"), "dhcp-server") as found:
        yield found


@pytest.fixture(scope="module")
def lab(made: Rig) -> Session:
    """A server on two networks, one of which it gives addresses on, and a host on each."""
    session = made.up(
        plan(
            ["lan", "guests"],
            machine("srv", "lan", "guests", image="dhcp-server"),
            machine("pc", "lan", access="none"),
            machine("visitor", "guests", access="none"),
        )
    )
    session.sh(
        "srv",
        f"ip addr add {SERVER}/24 dev eth0; ip addr add 10.9.0.5/24 dev eth1\n"
        f"printf 'dhcp-range={FIRST},{LAST},1h\\ndhcp-option=6,10.1.0.2,10.1.0.3\\nno-ping\\n'"
        " > /etc/dnsmasq.d/lan.conf; service dnsmasq start",
    )
    wait_for(lambda: session.ask(discover(session, "pc")).offers, "the server's first offer")
    return session


def discover(lab: Session, host: str, **options: object) -> Discover:
    (port,) = [each.mac for one in lab.plan.hosts if one.name == host for each in one.ports]
    return Discover(host, port, **{"wait": 5.0, "linger": 0.3, **options})  # type: ignore[arg-type]


def test_an_offer_is_taken_down_and_nothing_else_happens(lab: Session) -> None:
    (seen,) = lab.observe(discover(lab, "pc"))
    assert seen.vantage is Vantage.OUTSIDE
    result = lab.ask(discover(lab, "pc"))
    (offer,) = result.offers
    options = dict(offer.options)
    assert options[53] == b"\x02"
    assert options[6] == bytes((10, 1, 0, 2, 10, 1, 0, 3))
    assert result.answer is None
    assert result.mac[1] in "26ae"
    assert lab.ask(discover(lab, "pc")).mac == result.mac, "the same client asks again"
    assert towards(result.sightings, "srv")
    assert any(frame.host == "srv" and frame.source == SERVER for frame in result.sightings)
    assert b"10.1.0.1" not in lab.ask(Program("pc", ("ip", "addr"))).stdout
    assert "10.1.0.1" not in lab.sh("srv", "cat /var/lib/misc/dnsmasq.leases")


def test_wishes_are_granted_within_the_pool_alone(lab: Session) -> None:
    wishes = (FIRST, LAST, "10.1.0.99", "10.1.0.200")
    seen = lab.observe(*(discover(lab, "pc", asks=wish) for wish in wishes))
    offered = [one.result.offers[0].address for one in seen if one.result]  # type: ignore[union-attr]
    assert offered[:2] == [FIRST, LAST]
    assert not {"10.1.0.99", "10.1.0.200"} & set(offered)


def test_a_lease_is_taken_and_given_back(lab: Session) -> None:
    result = lab.ask(discover(lab, "pc", mac=CLIENT, take=True))
    assert result.answer is not None
    assert dict(result.answer.options)[53] == b"\x05"
    assert result.answer.address == result.offers[0].address
    wait_for(lambda: CLIENT not in lab.sh("srv", "cat /var/lib/misc/dnsmasq.leases"), "the release")


def test_silence_is_seen_to_be_silence(lab: Session) -> None:
    result = lab.ask(discover(lab, "visitor", wait=1.0))
    assert result.offers == ()
    assert towards(result.sightings, "srv")


def test_a_datagram_is_followed_to_where_it_arrives(lab: Session) -> None:
    lab.sh("pc", f"ip addr add 10.1.0.20/24 dev eth0; ping -c1 -W5 {SERVER}")
    result = lab.ask(Connect("pc", SERVER, 9, send=b"{nonce}", protocol="udp"))
    assert result.outcome == "closed"
    assert towards(result.sightings, "srv")[0].source == "10.1.0.20"
    lab.sh(
        "srv", "nft add table ip t; nft add chain ip t in '{type filter hook input priority 0;}'"
    )
    lab.sh("srv", "nft add rule ip t in udp dport 9 drop")
    result = lab.ask(Connect("pc", SERVER, 9, wait=0.5, send=b"{nonce}", protocol="udp"))
    assert result.outcome == "filtered"
    assert towards(result.sightings, "srv")


UNSERVED = 8022
INPUT = "nft add table inet t; nft add chain inet t in '{type filter hook input priority 0;}'"


@pytest.fixture
def firewall(lab: Session) -> Iterator[Session]:
    """The server as a machine with a firewall, on whose port nothing listens."""
    lab.sh("pc", f"ip addr replace 10.1.0.20/24 dev eth0; ping -c1 -W5 {SERVER}")
    lab.sh("srv", f"nft flush ruleset; {INPUT}")
    yield lab
    lab.sh("srv", "nft flush ruleset; iptables-legacy -F")


def denied(lab: Session, *ports: int, **options: str) -> Verdict:
    passage = {"from": "pc", "to": SERVER, "port": list(ports or (UNSERVED,))}
    return lab.check("firewall", "srv", deny=[passage], **options)


def test_an_error_is_a_rule_though_nothing_listens(firewall: Session) -> None:
    firewall.sh("srv", "nft add rule inet t in meta l4proto tcp reject")
    assert denied(firewall, deny_by="reject").status is Status.PASSED
    assert denied(firewall, deny_by="drop").status is Status.FAILED
    many = range(UNSERVED, UNSERVED + 10)
    assert denied(firewall, *many, deny_by="reject").status is Status.PASSED, "errors held back"


def test_a_reset_where_nothing_listens_is_the_port_or_a_rule(firewall: Session) -> None:
    assert "nothing listens there" in denied(firewall).found
    for rule in (
        "nft add rule inet t in meta l4proto tcp reject with tcp reset",
        "nft flush ruleset; iptables -A INPUT -p tcp -j REJECT --reject-with tcp-reset",
        "nft flush ruleset; iptables-legacy -A INPUT -p tcp -j REJECT --reject-with tcp-reset",
    ):
        firewall.sh("srv", rule)
        found = denied(firewall, deny_by="reject")
        assert (found.status, found.blame) == (Status.ERROR, Blame.HOST), rule
    firewall.sh("srv", "setsid nc -l -k 8022 > /dev/null 2>&1 < /dev/null & echo $! > /tmp/nc")
    wait_for(lambda: denied(firewall, deny_by="reject").status is Status.PASSED, "a listener")
    firewall.sh("srv", "kill $(cat /tmp/nc)")


def test_datagrams_are_told_of_every_error(firewall: Session) -> None:
    ask = Connect("pc", SERVER, UNSERVED, send=b"{nonce}", protocol="udp")
    rule = "nft flush chain inet t in; nft add rule inet t in udp dport 8022 reject with icmp"
    firewall.sh("srv", f"{rule} host-unreachable")
    wait_for(lambda: firewall.ask(ask).outcome == "unreachable", "the error that is not fatal")
    firewall.sh("srv", f"{rule} port-unreachable")
    wait_for(lambda: firewall.ask(ask).outcome == "closed", "the error that is")


def test_a_host_that_nobody_answers_for_is_a_finding(firewall: Session) -> None:
    firewall.sh("visitor", "ip addr add 10.9.0.20/24 dev eth0; ip route add default via 10.9.0.99")
    passage = {"from": "visitor", "to": SERVER, "port": 22}
    verdict = firewall.check("firewall", "srv", deny=[passage, {**passage, "port": 23}])
    assert verdict.status is Status.FAILED
    assert verdict.found.count("no host answers for 10.9.0.99 on the network of visitor") == 2
