"""Files of systemd's units are read as systemd reads them."""

from __future__ import annotations

import pytest

from checkers.linux._unit_file import (
    BadUnitFile,
    Setting,
    drop_in_names,
    expanded,
    instance_of,
    is_true,
    kind_of,
    last,
    parse,
    template_of,
    values,
)

TEXT = rb"""
nothing=before a section
# a comment
[Unit]
Description = a service ; with a comment that is none
[Service]
ExecStart=/bin/one \
    # a comment within
    --two
ExecStart=
ExecStart=/bin/three\\
what is this
; User=nobody
User=desk
User=till
  Environment=A=b\
"""


def test_a_unit_file() -> None:
    found = parse(TEXT)
    assert found[0] == Setting("Unit", "Description", "a service ; with a comment that is none")
    assert found[1].value.split() == ["/bin/one", "--two"]
    assert values(found, "Service", "ExecStart") == ("/bin/three\\\\",)
    assert last(found, "Service", "User") == "till"
    assert last(found, "Unit", "User") == ""
    assert last(found, "Service", "Environment") == "A=b"
    assert "nothing" not in {each.key for each in found}


def test_a_section_without_an_end_spoils_the_file() -> None:
    with pytest.raises(BadUnitFile, match="has no end"):
        parse(b"[Unit\nDescription=x\n")


def test_names_of_units() -> None:
    assert kind_of("ssh.service") == "service"
    assert kind_of("getty@tty1.service") == "service"
    assert kind_of("a b.service") == ""
    assert kind_of("ssh.conf") == ""
    assert kind_of(".service") == ""
    assert template_of("getty@tty1.service") == "getty@.service"
    assert template_of("getty@.service") == ""
    assert template_of("ssh.service") == ""
    assert instance_of("getty@.service", "autovt@tty1.service") == "getty@tty1.service"


def test_specifiers() -> None:
    assert expanded("getty@tty1.service", "dev-%i.device") == "dev-tty1.device"
    assert expanded("a.service", "%N-%p.timer %n %%") == "a-a.timer a.service %"
    assert expanded("a.service", "%H.service") == ""


def test_folders_of_drop_ins() -> None:
    assert drop_in_names("a-b-c.timer") == ("a-b-c.timer", "a-b-.timer", "a-.timer", "timer")
    assert drop_in_names("getty@tty1.service") == (
        "getty@tty1.service",
        "getty@.service",
        "service",
    )


@pytest.mark.parametrize("text, true", [("yes", True), ("On", True), ("0", False), ("", False)])
def test_yes_and_no(text: str, true: bool) -> None:
    assert is_true(text) is true
