"""Fresh hosts become what the lab wants: accounts, its set-up scripts, and what is broken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait

from labctl.errors import LabctlError, ProviderError
from labctl.library.folder import Folder
from labctl.plan import HostPlan, Plan
from labctl.providers.base import Placement, Report
from labctl.sessions import record
from labctl.sessions.accounts import login_script
from labctl.sessions.controller import Controller
from labctl.sessions.scripts import lent_files, run_script

HOSTS_AT_ONCE = 3
"""Hosts of one session that are set up at the same time."""


def set_up(
    controller: Controller,
    placement: Placement,
    planned: Plan,
    folder: Folder,
    *,
    report: Report,
    only: str | None = None,
) -> None:
    """Set a session's hosts up (`only` this one of them), and break what the lab wants broken.

    `folder` is the lab's. Raises `ProviderError` for a script that fails, with its last words.
    """
    hosts = [host for host in planned.hosts if only in (None, host.name)]
    provider = controller.provider(planned.provider)

    def one(host: HostPlan) -> None:
        if host.login is not None:
            script = login_script(host.login)
            run_script(provider, placement, host.name, script, {}, what="the candidate's account")
        if host.setup:
            script = folder.content(host.setup)
            with lent_files(provider, placement, host.name, folder, script) as lent:
                variables = {**planned.variables, **lent}
                run_script(provider, placement, host.name, script, variables, what=host.setup)

    _side_by_side(controller, one, hosts)
    broken = provider.break_down(placement, planned, [host.name for host in hosts], report)
    if broken != placement:
        record.place(controller, broken)
    report("set up")


def _side_by_side(
    controller: Controller, act: Callable[[HostPlan], None], hosts: Sequence[HostPlan]
) -> None:
    pool = ThreadPoolExecutor(HOSTS_AT_ONCE)
    try:
        futures = [pool.submit(act, host) for host in hosts]
        while wait(futures, timeout=0.2).not_done:
            controller.go_on()
    finally:
        # Not waited for when interrupted: a script ends with its host, which is made again or
        # removed next.
        pool.shutdown(wait=False, cancel_futures=True)
    problems = [error for future in futures if (error := future.exception())]
    for error in problems:
        if not isinstance(error, LabctlError):
            raise error
    if problems:
        raise ProviderError("\n".join(str(error) for error in problems))
