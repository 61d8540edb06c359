"""What check types refuse in a lab file, and say about it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from checkers.registry import load

SERVER = {"server": "db.lab", "database": "shop", "user": "exam"}

REFUSED: list[tuple[str, Any, str]] = [
    ("interface", {"name": "eth0"}, "say what is expected"),
    ("interface", {"addresses": ["10.0.0.1/24"]}, "either `name` or `network`"),
    ("interface", {"name": "eth0", "network": "a", "up": True}, "either `name` or `network`"),
    ("interface", {"name": "eth0", "addresses": ["10.0.0.1"]}, "write the mask too"),
    ("interface", {"name": "eth0", "addresses": []}, "say what is expected"),
    ("interface", {"name": "eth0", "addresses": ["10.0.0.999/24"]}, "10.0.0.999"),
    ("interface", {"name": "eth0", "up": True, "only": True}, "`only` needs `addresses`"),
    ("interface", {"name": "eth0", "mac": "xx"}, "pattern"),
    ("route", {"to": "10.0.0.0/24"}, "say where the route leads"),
    ("route", {"to": "10.0.0.5/24", "via": "10.0.0.1"}, "host bits set"),
    ("route", {"to": "default", "via": "10.0.0.1", "absent": True}, "`absent` goes with `to`"),
    ("route", {"to": "default", "dev": "eth0", "network": "a"}, "either `dev` or `network`"),
    ("route", {"to": "default", "metric": 5, "exact": False}, "`metric` needs the route itself"),
    ("neighbour", {"address": "10.0.0.1"}, "either `mac` or `of`"),
    ("neighbour", {"address": "10.0.0.1", "of": "r1"}, "`of` needs the `network`"),
    ("neighbour", {"address": "10.0.0.1", "absent": True, "of": "r1"}, "`absent` goes with"),
    ("routing_protocol", {"protocol": "ospf"}, "say what is expected"),
    ("routing_protocol", {"protocol": "rip", "silent": ["a"]}, "Input should be 'ospf'"),
    ("routing_protocol", {"protocol": "ospf", "neighbour": "r1"}, "`network` go together"),
    ("routing_protocol", {"protocol": "ospf", "silent": ["a"], "area": 0}, "go with `neighbour`"),
    ("routing_protocol", {"protocol": "ospf", "silent": ["a"], "via": "10.0.0.1"}, "`learned`"),
    ("routing_protocol", {"protocol": "ospf", "learned": []}, "at least 1"),
    ("routing_protocol", {"protocol": "ospf", "learned": ["10.0.0.1/8"]}, "host bits set"),
    ("routing_protocol", {"protocol": "ospf", "learned": ["2001:db8::/32"]}, "no IPv4 network"),
    ("routing_protocol", {"protocol": "ospf", "learned": ["10.0.0.0/8"], "watch": 5}, "`silent`"),
    (
        "routing_protocol",
        {"protocol": "ospf", "neighbour": "r1", "network": "a", "area": True},
        "is no area",
    ),
    ("ping", {"to": "pc2"}, "does not appear to be"),
    ("ping", {"to": "fe80::1%eth0"}, "without `%`"),
    ("ping", {"to": "10.0.0.1", "loss": "100%"}, "less than 100"),
    ("ping", {"to": "10.0.0.1", "loss": "much"}, "no percentage"),
    ("ping", {"to": "10.0.0.1", "count": 0}, "greater than or equal to 1"),
    ("ping", {"to": "10.0.0.1", "reachable": False, "loss": 5}, "say nothing"),
    ("traceroute", {"to": "10.0.0.1", "hops": []}, "at least 1"),
    ("traceroute", {"to": "10.0.0.1", "hops": ["r 1"]}, "neither an address"),
    ("tcp", {"to": "10.0.0.1", "port": 0}, "greater than or equal to 1"),
    ("tcp", {"port": 5, "state": "closed", "banner": "x"}, "need a port that is open"),
    ("tcp", {"port": 5, "state": []}, "at least 1"),
    ("dhcp_offer", {"network": "lan"}, "say what is to be offered"),
    ("dhcp_offer", {"network": "lan", "mac": "02:00:00:00:00:01"}, "say what is to be offered"),
    ("dhcp_offer", {"network": "lan", "none": True, "router": "10.0.0.1"}, "`none` goes with"),
    (
        "dhcp_offer",
        {"network": "a", "address": "10.0.0.9", "pool": {"first": "10.0.0.1", "last": "10.0.0.2"}},
        "either `address` or `pool`",
    ),
    (
        "dhcp_offer",
        {"network": "a", "take": True, "pool": {"first": "10.0.0.1", "last": "10.0.0.2"}},
        "several hardware addresses",
    ),
    ("dhcp_offer", {"network": "a", "mac": "03:00:00:00:00:01", "router": "10.0.0.1"}, "a group"),
    ("dhcp_offer", {"network": "a", "pool": {"first": "10.0.0.9", "last": "10.0.0.2"}}, "behind"),
    (
        "dhcp_offer",
        {"network": "a", "pool": {"first": "10.0.0.1", "last": "10.0.0.2", "not": "10.0.0.2"}},
        "cannot take them out",
    ),
    ("dhcp_offer", {"network": "a", "mask": "255.0.255.0"}, "255.0.255.0"),
    ("dhcp_offer", {"network": "a", "router": "2001:db8::1"}, "2001:db8::1"),
    ("dhcp_offer", {"network": "a", "dns": []}, "at least 1"),
    ("firewall", {"allow": [], "deny": []}, "allowed or denied"),
    ("firewall", {"deny": [{"to": "10.0.0.1"}]}, "need a `port`"),
    ("firewall", {"deny": [{"to": "10.0.0.1", "protocol": "icmp", "port": 1}]}, "need a `port`"),
    ("firewall", {"deny": [{"to": "10.0.0.1", "port": list(range(1, 26))}]}, "at most 24"),
    (
        "firewall",
        {"deny": [{"to": "10.0.0.1", "port": list(range(n, n + 9))} for n in (1, 20, 40)]},
        "27 attempts are too many",
    ),
    (
        "firewall",
        {"allow": [{"to": "10.0.0.1", "port": 5}], "deny": [{"to": "10.0.0.1", "port": 5}]},
        "allowed and denied",
    ),
    ("firewall", {"allow": [{"to": "10.0.0.1", "port": 5}], "deny_by": "drop"}, "needs something"),
    ("nat", {"to": "10.0.0.1", "port": 80}, "what the far side has to see"),
    ("nat", {"to": "10.0.0.1", "destination": "10.0.0.2"}, "`destination` needs `at`"),
    ("nat", {"to": "10.0.0.1", "source": "self"}, "own"),
    ("bridge", {"name": "br0"}, "say what it joins"),
    ("bridge", {"ports": ["eth0"]}, "the bridge's `name`"),
    ("capture", {"path": "/a.pcap"}, "say which frames"),
    ("capture", {"path": "a.pcap", "protocol": "arp"}, "not an absolute path"),
    ("capture", {"path": "/a", "protocol": "arp", "port": 53}, "has no ports"),
    ("capture", {"path": "/a", "protocol": "udp", "handshake": True}, "`handshake` needs"),
    ("capture", {"path": "/a", "between": ["10.0.0.1", "10.0.0.1"]}, "two addresses"),
    (
        "capture",
        {"path": "/a", "between": ["10.0.0.1", "10.0.0.2"], "source": "10.0.0.1"},
        "either `between`",
    ),
    ("capture", {"path": "/a", "protocol": "arp", "payload": ""}, "empty text"),
    ("dns", {"name": "x.lab"}, "say what is expected"),
    ("dns", {"name": "-x.lab", "answers": ["1.1.1.1"]}, "pattern"),
    ("dns", {"name": "x.lab", "answers": []}, "at least 1"),
    ("dns", {"name": "x.lab", "answers": ["a"], "includes": ["b"]}, "either `answers`"),
    ("dns", {"name": "x.lab", "status": "NXDOMAIN", "answers": ["a"]}, "has no records"),
    ("http", {"url": "ftp://x/"}, "begins with http"),
    ("http", {"url": "http://x:0/"}, "no URL"),
    ("http", {"url": "http://a b/"}, "blanks"),
    ("http", {"url": "http://me:pw@x/"}, "user's name"),
    ("http", {"url": "http://x:99999/"}, "no URL"),
    ("http", {"url": "http://x/", "method": "HEAD", "body": "x"}, "HEAD has no body"),
    ("http", {"url": "http://x/", "body": ""}, "empty text"),
    ("http", {"url": "http://x/", "headers": {"a b": "x"}}, "pattern"),
    ("tls", {"name": "x.lab"}, "say what is expected"),
    ("tls", {"name": "x.lab", "offers": []}, "say what is expected"),
    ("tls", {"name": "x.lab", "offers": ["SSLv3"]}, "TLSv1.0"),
    ("tls", {"name": "x.lab", "offers": ["TLSv1.2"], "refuses": ["TLSv1.2"]}, "both offered"),
    ("tls", {"name": "x.lab", "names": ["x.lab"], "ca_days": 1}, "needs `ca`"),
    ("tls", {"name": "x lab", "offers": ["TLSv1.2"]}, "pattern"),
    ("tls", {"name": "x.lab", "ca": "/etc/ca.crt"}, "pattern"),
    ("html", {"url": "http://x/"}, "say what is expected"),
    ("html", {"url": "http://x/", "valid": False}, "True"),
    ("html", {"url": "http://x/", "has": [{"select": "a["}]}, "no selector"),
    ("html", {"url": "http://x/", "has": [{"select": "a::before"}]}, "stands still"),
    ("html", {"url": "http://x/", "has": [{"select": "a", "text": ""}]}, "empty text"),
    ("sql", {**SERVER, "query": "table x"}, "say what is expected"),
    ("sql", {**SERVER, "query": "delete from x", "count": 1}, "query that reads"),
    ("sql", {**SERVER, "query": "table x", "count": 1, "refused": "query"}, "or `refused` alone"),
    ("sql", {**SERVER, "query": "table x", "rows": []}, "at least 1"),
    ("sql", {**SERVER, "query": "table x", "has": [{}]}, "a row without columns"),
    ("api", {"url": "http://x/"}, "say what is expected"),
    ("api", {"url": "http://x/", "returns": {}}, "say what is expected"),
    ("api", {"url": "http://x/", "returns": {"name": "x"}}, "JSON Pointer"),
    ("api", {"url": "http://x/", "status": 200, "send": {}, "body": "{}"}, "`send` or `body`"),
    ("form", {"url": "http://x/"}, "say what is expected"),
    ("form", {"url": "http://x/", "fill": {"a": "b"}}, "say what is expected"),
    ("form", {"url": "http://x/", "fill": {"a": "<b>"}, "escaped": ["b"]}, "does not fill: b"),
    ("form", {"url": "http://x/", "fill": {"a": "b"}, "escaped": ["a"]}, "needs no escaping"),
    ("form", {"url": "http://x/", "status": 200, "then": "http://y/"}, "same host"),
    ("form", {"url": "http://x/", "status": 200, "fill": {"a": 1}, "leave_out": ["a"]}, "left out"),
    ("css", {"url": "http://x/"}, "say what is expected"),
    ("css", {"url": "http://x/", "media": []}, "say what is expected"),
    (
        "css",
        {"url": "http://x/", "has": [{"select": "a", "property": "1x", "value": 1}]},
        "pattern",
    ),
    ("links", {"url": "http://x/", "limit": 1}, "greater than or equal to 2"),
    ("links", {"url": "http://x/", "reaches": ["x"]}, "no URL"),
    ("file", {"path": "etc/motd"}, "not an absolute path"),
    ("file", {"path": "/x\0y"}, "not an absolute path"),
    ("file", {"path": "/x", "absent": True, "content": "y"}, "nothing else can be expected"),
    ("file", {"path": "/x", "absent": True, "exists": True}, "contradict"),
    ("file", {"path": "/x", "type": "fifo", "content": "y"}, "no content to compare"),
    ("file", {"path": "/x", "target": "y"}, "needs `type: link`"),
    ("file", {"path": "/x", "mode": "999"}, "pattern"),
    ("file", {"path": "/x", "mode": {}}, "give `min`, `max` or both"),
    ("file", {"path": "/x", "acl": []}, "at least 1"),
    ("file", {"path": "/x", "acl": ["team:rwx"]}, "no entry such as"),
    ("file", {"path": "/x", "acl": ["o:all:rwx"]}, "have no name"),
    ("file", {"path": "/x", "content": {"matches": ".*"}}, "no output at all"),
    ("directory", {"path": "/x", "only": True}, "`only` needs `entries`"),
    ("directory", {"path": "/x", "entries": ["a/b"]}, "pattern"),
    ("user", {"name": "amy", "only": True}, "`only` needs `groups`"),
    ("user", {"name": "amy", "absent": True, "uid": 5}, "`name` alone"),
    ("user", {"name": "amy", "groups": []}, "at least 1"),
    ("user", {"name": "a:b"}, "pattern"),
    ("group", {"name": "team", "only": True}, "`only` needs `members`"),
    ("group", {"name": "team", "absent": True, "gid": 5}, "`name` alone"),
    ("package", {"name": "Nginx"}, "pattern"),
    ("package", {"name": "nginx", "installed": False, "version": "1"}, "has no `version`"),
    ("process", {"user": "amy"}, "name the program"),
    ("process", {"name": "nginx", "count": {"max": 3}}, "allows none expects nothing"),
    ("process", {"name": "nginx", "absent": True, "count": 1}, "either `absent` or `count`"),
    ("port", {"port": 22, "only": True}, "`only` needs `address`"),
    ("port", {"port": 22, "listening": False, "process": "sshd"}, "`listening: false` goes"),
    ("port", {"port": 22, "address": "here"}, "does not appear to be"),
    ("service", {"name": "ssh"}, "say what is expected"),
    ("service", {"name": "../x", "running": True}, "pattern"),
    ("sysctl", {"kernel.hostname": "x"}, "only settings that begin with `net.`"),
    ("sysctl", {"net.ipv4.ip_forward": ""}, "empty text"),
    ("sysctl", {"settings": {}}, "name a setting"),
    ("cron", {"command": "/bin/x"}, "say when"),
    ("cron", {"command": "/bin/x", "absent": True, "at": "@daily"}, "`user` alone"),
    ("cron", {"command": "/bin/x", "at": "61 * * * *"}, "bad minute"),
    ("cron", {"command": "/bin/x", "at": "* * * *"}, "not five fields"),
    ("cron", {"command": "/bin/x", "at": "@often"}, "bad time specifier"),
    ("cron", {"command": "/bin/x", "at": "0 0 31 2 *"}, "never fires"),
    ("cron", {"command": "/bin/x", "at": "@reboot", "fires": ["2026-11-30 18:00"]}, "no times"),
    ("cron", {"command": "/bin/x", "fires": ["18:00"]}, "no time such as"),
    ("cron", {"command": {"matches": ".*"}, "at": "@daily"}, "no output at all"),
    ("command", {"run": "id"}, "say what is expected"),
    ("command", {"run": "echo 'x", "exit": 0}, "No closing quotation"),
    ("command", {"run": [], "exit": 0}, "at least 1"),
    ("command", {"run": ["", "x"], "exit": 0}, "needs a program"),
    ("command", {"run": "id", "stdout": ""}, "empty text"),
    ("sudo", {"user": "amy"}, "say what is expected"),
    ("sudo", {"user": "amy", "nothing": True, "as": "root"}, "`user` alone"),
    ("sudo", {"user": "amy", "allows": ["ls /root"]}, "whole path"),
    ("sudo", {"user": "amy", "allows": []}, "at least 1"),
    ("sudo", {"user": "amy", "refuses": ["/bin/ls"], "only": True}, "need `allows`"),
    ("sudo", {"user": "amy", "allows": ["/bin/ls"], "run": True, "password": True}, "leave out"),
    ("page", {"url": "http://w/"}, "say what is expected"),
    ("page", {"url": "http://w/", "screenshot": [360]}, "say what is expected"),
    ("page", {"url": "http://w/", "elements": []}, "say what is expected"),
    ("page", {"url": "file:///etc/passwd", "title": "x"}, "begins with http"),
    ("page", {"url": "http://w/", "title": ""}, "empty text"),
    ("page", {"url": "http://w/", "console": "dirty"}, "'clean'"),
    ("page", {"url": "http://w/", "fits": [100]}, "greater than or equal to 240"),
    ("page", {"url": "http://w/", "fits": []}, "at least 1"),
    ("page", {"url": "http://w/", "requests": "none"}, "'own' or 'answered'"),
    ("page", {"url": "http://w/", "keyboard": {}}, "say what is expected"),
    ("page", {"url": "http://w/", "keyboard": {"reaches": []}}, "at least 1"),
    ("page", {"url": "http://w/", "accessibility": "grave"}, "'minor'"),
    ("page", {"url": "http://w/", "elements": [{"selector": " "}]}, "at least 1"),
    (
        "page",
        {"url": "http://w/", "elements": [{"selector": "p", "count": 0, "text": "x"}]},
        "must not be there",
    ),
    (
        "page",
        {"url": "http://w/", "title": "x", "steps": [{"click": "a", "press": "Tab"}]},
        "exactly one",
    ),
    ("filesystem", {"path": "/srv"}, "say what is expected"),
    ("filesystem", {"path": "/srv", "available": "10 apples"}, "no size such as"),
    ("filesystem", {"path": "srv", "used": 5}, "not an absolute path"),
    ("mount", {"path": "/srv", "mounted": "any"}, "needs `fstab`"),
    ("mount", {"path": "/srv", "mounted": False, "type": "ext4"}, "has no source, type or"),
    ("mount", {"path": "/srv", "mounted": "any", "fstab": False, "type": "x"}, "not there"),
    ("mount", {"path": "/srv", "options": []}, "at least 1"),
    ("hostname", {"name": "web1", "now": False, "at_boot": False}, "at least one of"),
    ("hostname", {"name": "-web"}, "pattern"),
    ("python", "checks.py", "pattern"),
    ("python", "a/../../x.py:f", "in the lab's folder"),
    ("python", {"call": "checks.py:f", "with": {"a b": 1}}, "names of parameters"),
]


@pytest.mark.parametrize("kind, value, says", REFUSED, ids=lambda value: str(value)[:60])
def test_refused(kind: str, value: Any, says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        load(kind).model_validate(value)
    assert says in str(caught.value)


def test_loss_may_be_written_as_people_do() -> None:
    for value in ("5%", "5 %", "5", 5, 5.0):
        assert load("ping").model_validate({"to": "10.0.0.1", "loss": value}).loss == 5.0  # type: ignore[attr-defined]


def test_a_mode_may_be_written_without_quotation_marks() -> None:
    for value in ("2770", "02770", 2770):
        made = load("directory").model_validate({"path": "/x", "mode": value})
        assert int(made.mode, 8) == 0o2770  # type: ignore[attr-defined]


def test_a_command_is_split_as_by_a_shell_and_never_given_to_one() -> None:
    made = load("command").model_validate({"run": "echo 'a b' $(id) ; x", "exit": 0})
    assert made.run_ == ("echo", "a b", "$(id)", ";", "x")  # type: ignore[attr-defined]


def test_sysctl_takes_the_forms_that_people_write() -> None:
    kind = load("sysctl")
    short = kind.model_validate({"net.ipv4.ip_forward": 1})
    assert short == kind.model_validate({"name": "net.ipv4.ip_forward", "value": 1})
    assert "^net\\." in kind.model_json_schema()["patternProperties"]
