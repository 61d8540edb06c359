"""The profile under which everything runs that a candidate is root on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from labctl.images.library import ImageLibrary

NAMESPACES = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET: clone(2)
REFUSED = (
    "mount umount umount2 pivot_root open_tree move_mount fsopen fsconfig fsmount fspick"
    " mount_setattr setns unshare bpf perf_event_open ptrace process_vm_readv process_vm_writev"
    " pidfd_getfd kcmp process_madvise keyctl add_key request_key userfaultfd io_uring_setup"
    " io_uring_enter io_uring_register init_module finit_module delete_module kexec_load"
    " kexec_file_load open_by_handle_at name_to_handle_at fanotify_init quotactl quotactl_fd swapon"
    " swapoff acct syslog iopl ioperm settimeofday clock_settime stime vhangup lookup_dcookie"
    " nfsservctl modify_ldt memfd_secret setdomainname uselib _sysctl mbind move_pages"
)


def profile(image: str) -> dict[str, Any]:
    text = ImageLibrary().image(image).defaults.seccomp
    assert text is not None
    found: dict[str, Any] = json.loads(text)
    return found


def rules(image: str, name: str) -> list[dict[str, Any]]:
    return [rule for rule in profile(image)["syscalls"] if name in rule["names"]]


@pytest.mark.parametrize("image", ["host", "router", "examiner"])
def test_what_is_not_allowed_is_refused(image: str) -> None:
    found = profile(image)
    assert found["defaultAction"] == "SCMP_ACT_ERRNO"
    actions = {rule["action"] for rule in found["syscalls"] if rule["names"] != ["clone3"]}
    assert actions == {"SCMP_ACT_ALLOW"}
    # No rule depends on a capability: what SYS_ADMIN opens in Docker's own profile stays shut.
    assert not any("includes" in rule or "excludes" in rule for rule in found["syscalls"])
    # Nor on the calls of another architecture, which have numbers of their own.
    assert not any(each["subArchitectures"] for each in found["archMap"])


@pytest.mark.parametrize("call", REFUSED.split())
def test_refused(call: str) -> None:
    assert rules("router", call) == []


def test_clone_makes_no_namespace() -> None:
    (rule,) = rules("router", "clone")
    assert rule["args"] == [
        {"index": 0, "value": NAMESPACES, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}
    ]
    (rule,) = rules("router", "clone3")
    assert (rule["action"], rule["errnoRet"]) == ("SCMP_ACT_ERRNO", 38)


def test_only_these_families_of_sockets() -> None:
    found = rules("host", "socket")
    assert all(rule["args"][0]["op"] == "SCMP_CMP_EQ" for rule in found)
    assert sorted(rule["args"][0]["value"] for rule in found) == [1, 2, 10, 16, 17]


def test_no_call_is_named_twice() -> None:
    names = [
        name for rule in profile("host")["syscalls"] if "args" not in rule for name in rule["names"]
    ]
    assert len(names) == len(set(names))
