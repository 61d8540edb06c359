"""What rules of sudo mean: the corners that no recorded case reaches."""

from __future__ import annotations

from typing import Any

import pytest

from checkers.check import NotObserved
from checkers.linux._accounts import Accounts, parse_groups, parse_users
from checkers.linux._sudo_rules import Asker, command_fits, decide
from checkers.linux._sudoers import Command, Default, Rule, Sudoers, _rules
from checkers.model import ProgramResult

USERS = b"root:x:0:0::/root:\namy:x:1001:1001::/:\nbilal:x:1002:1002::/:\ndb:x:99:99::/:\n"
GROUPS = b"root:x:0:\nops:x:500:amy\namy:x:1001:\nbilal:x:1002:\n"
KNOWN = Accounts(parse_users(USERS), parse_groups(GROUPS))
LS = ("/bin/ls", "/root")


def asker(user: str = "amy", target: str = "root") -> Asker:
    return Asker(KNOWN.users[user], KNOWN.users[target], "box", KNOWN)


def rule(users: list[dict[str, Any]], commands: list[Any], host: str = "ALL", **grant: Any) -> Rule:
    made = [{"command": one} if isinstance(one, str) else one for one in commands]
    return Rule.model_validate(
        {
            "User_List": users,
            "Host_List": [{"hostname": host}],
            "Cmnd_Specs": [{"Commands": made, **grant}],
        }
    )


AMY = [{"username": "amy"}]


@pytest.mark.parametrize(
    "pattern, argv, fits",
    [
        ("/bin/ls", LS, True),
        ("/usr/bin/ls", LS, True),
        ('/bin/ls ""', LS, False),
        ('/bin/ls ""', ("/bin/ls",), True),
        ("/bin/ls /root", LS, True),
        ("/bin/ls /root", ("/bin/ls",), False),
        ("/bin/ls /r*", ("/bin/ls", "/root/a", "/etc"), True),  # across slashes and blanks
        ("/bin/*", ("/bin/sub/ls",), False),
        ("/bin/l?", LS, True),
        ("/bin/[a-l]s", LS, True),
        ("/bin/[!l]s", LS, False),
        ("/bin/[[:alpha:]]s", LS, None),
        (r"/bin/l\s", LS, True),
        (r"/bin/\*", LS, False),
        ("/usr/bin/", LS, True),
        ("/usr/sbin/", LS, False),
        ("^/bin/l.$ ^/r[a-z]+$", LS, True),
        ("^/bin/l.$ ^/x$", LS, False),
        ("^/bin/l($", LS, None),
        ("ALL", LS, True),
    ],
)
def test_commands(pattern: str, argv: tuple[str, ...], fits: bool | None) -> None:
    assert command_fits(Command(command=pattern), argv) is fits


def test_a_digest_is_left_to_the_hosts_sudo() -> None:
    for text in ("ALL", "/bin/ls"):
        command = Command.model_validate({"command": text, "sha256": "x"})
        assert command_fits(command, LS) is None
    assert command_fits(Command.model_validate({"command": "/x", "sha256": "x"}), LS) is False


@pytest.mark.parametrize(
    "users, allowed",
    [
        ([{"username": "ALL"}], True),
        ([{"userid": 1001}], True),
        ([{"userid": 1002}], False),
        ([{"usergroup": "ops"}], True),
        ([{"usergid": 500}], True),
        ([{"usergid": 501}], False),
        ([{"netgroup": "x"}], None),
        ([{"username": "ALL"}, {"username": "amy", "negated": True}], False),
        ([{"username": "amy", "negated": True}, {"username": "ALL"}], True),
    ],
)
def test_users(users: list[dict[str, Any]], allowed: bool | None) -> None:
    assert decide(Sudoers((rule(users, ["ALL"]),)), asker(), LS).allowed is allowed


@pytest.mark.parametrize(
    "host, allowed",
    [("BOX", True), ("b*", True), ("box.lab", None), ("web", False), ("w*", False)],
)
def test_hosts(host: str, allowed: bool | None) -> None:
    assert decide(Sudoers((rule(AMY, ["ALL"], host),)), asker(), LS).allowed is allowed


@pytest.mark.parametrize(
    "grant, target, allowed",
    [
        ({}, "root", True),
        ({}, "db", False),
        ({"runasusers": [{"username": "ALL"}]}, "db", True),
        ({"runasusers": [{"username": "ALL"}, {"username": "db", "negated": True}]}, "db", False),
        ({"runasusers": [{"username": ""}]}, "amy", True),
        ({"runasgroups": [{"usergroup": "ops"}]}, "root", False),
    ],
)
def test_targets(grant: dict[str, Any], target: str, allowed: bool) -> None:
    policy = Sudoers((rule(AMY, ["ALL"], **grant),))
    assert decide(policy, asker(target=target), LS).allowed is allowed


@pytest.mark.parametrize(
    "default, asked",
    [
        (Default("", "", "authenticate", "false"), False),
        (Default("user", "bilal,%ops", "authenticate", "false"), False),
        (Default("user", "#1001", "authenticate", "false"), False),
        (Default("user", "%#500", "authenticate", "false"), False),
        (Default("user", "ALL,!amy", "authenticate", "false"), True),
        (Default("user", "bilal", "authenticate", "false"), True),
        (Default("runas", "root", "authenticate", "false"), False),
        (Default("runas", "db", "authenticate", "false"), True),
        (Default("host", "box", "authenticate", "false"), False),
        (Default("host", "web", "authenticate", "false"), True),
        (Default("command", "/bin/ls", "authenticate", "false"), False),
        (Default("command", "/bin/id", "authenticate", "false"), True),
        (Default("", "", "exempt_group", "ops"), False),
        (Default("", "", "exempt_group", "wheel"), True),
        (Default("", "", "env_reset", "false"), True),
    ],
)
def test_passwords(default: Default, asked: bool) -> None:
    policy = Sudoers((rule(AMY, ["ALL"]),), (default,))
    assert decide(policy, asker(), LS).password is asked


def test_the_rules_own_word_about_a_password_goes_first() -> None:
    tagged = rule(AMY, ["ALL"], Options=[{"authenticate": True}])
    policy = Sudoers((tagged,), (Default("", "", "authenticate", "false"),))
    assert decide(policy, asker(), LS).password is True
    assert decide(policy, asker(user="amy", target="amy"), LS).allowed is False


@pytest.mark.parametrize("stdout", [b"{}", b"", b'{"User_Specs": []}', b'{"User_Specs": 5}', b"{"])
def test_rules_without_our_own_last_one_are_not_whole(stdout: bytes) -> None:
    with pytest.raises(NotObserved):
        _rules(ProgramResult(0, stdout, b""))
