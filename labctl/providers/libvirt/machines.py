"""A session's virtual machines: defined, started, shut down and removed."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from labctl.errors import ProviderError
from labctl.images.disks import DiskSet
from labctl.images.model import ResolvedImage
from labctl.plan import HostPlan
from labctl.providers.libvirt import bmc, files, identity
from labctl.providers.libvirt import domain as xml
from labctl.providers.libvirt.chassis import Chassis, delivered, load, save
from labctl.providers.libvirt.clock import Clock, resumed
from labctl.providers.libvirt.conditions import go_on, state_of
from labctl.providers.libvirt.fitting import Fitting, sockets_for
from labctl.providers.libvirt.guest import Guest
from labctl.providers.libvirt.hypervisor import Hypervisor, Missing, library, talking
from labctl.providers.libvirt.warm import WarmStates

AT_ONCE = 4
BOOT_SECONDS = 300.0
"""How long a machine may take to boot: emulated, beside others, on a busy server."""
STOP_SECONDS = 60.0
"""How long a machine may take to shut down before its power is cut."""
POLL = 0.2

T = TypeVar("T")
R = TypeVar("R")


def at_once(act: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Do the same for many, several at a time; the first error is raised when all have ended."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="libvirt") as pool:
        futures = [pool.submit(act, item) for item in items]
    return [future.result() for future in futures]


def domain_name(session: str, host: str) -> str:
    """What libvirt and its tools call a host's machine."""
    return f"labctl-{session}-{host}"


def tap_name(session: str, host: str, number: int) -> str:
    """The server's end of a network card, until it is moved into the fabric: 15 bytes at most."""
    digits = hashlib.sha256(f"{session}/{host}/{number}".encode()).hexdigest()
    return f"labtap{digits[:9]}"


class Machines:
    """The machines of one installation of labctl."""

    def __init__(
        self, hypervisor: Hypervisor, installation: str, accelerated: Callable[[], bool]
    ) -> None:
        self._hypervisor = hypervisor
        self._installation = installation
        self._accelerated = accelerated
        self._warm = WarmStates(hypervisor)
        self.files = files.MachineFiles(installation)

    # ------------------------------------------------------------------ making

    def start(
        self, session: str, host: HostPlan, image: ResolvedImage, disks: DiskSet, observer: DiskSet
    ) -> Any:
        """The host's domain, with power on and its processors standing still; made if missing."""
        folder = self.files.of_host(session, host.name)
        chassis = load(folder) or delivered(host.hardware, host.memory or image.defaults.memory)
        save(folder, chassis)
        self.fit_bmc(session, host, chassis)
        machine = self._machine(session, host, image, disks, observer)
        found = self._hypervisor.find(machine.name)
        if found is None and not machine.can_start_warm:
            files.overlay(machine.disks[0].path, disks.root, "raw")
            found = self._switch_on(machine)
        elif found is None:
            state = self._warm.get(machine, disks.root, self._boot)
            files.overlay(machine.disks[0].path, state.root, "qcow2")
            found = self._warm.start(state, machine)
        elif not found.isActive():
            with talking(f"to look at {machine.name}"):
                made_from = found.XMLDesc()
            clock = self._clock(folder, chassis)
            fitted = replace(_as_fitted(machine, host, chassis), clock=clock)
            same = xml.of_the_same_image(fitted, made_from)
            found = self._switch_on(same, found.UUIDString())
        self.fit(session, host, chassis)
        return found

    def _switch_on(self, machine: xml.Machine, number: str = "") -> Any:
        """Start a machine from nothing, with its processors standing still."""
        with talking(f"to start {machine.name}"):
            text = xml.domain_xml(machine, number)
            found = self._hypervisor.connection.defineXML(text)
            found.createWithFlags(library().VIR_DOMAIN_START_PAUSED)
        return found

    def _clock(self, folder: Path, chassis: Chassis) -> Clock:
        """How a machine's clock starts if power comes on now."""
        if chassis.dead_clock is not None:
            return Clock(round(chassis.dead_clock - time.time()))
        if chassis.clock_ahead is None:
            return Clock()
        return resumed(folder, chassis.clock_ahead, self._hypervisor.account())

    def fit(self, session: str, host: HostPlan, chassis: Chassis) -> None:
        """Bring a machine that has power to what its chassis says."""
        found = self.get(session, host.name)
        folder = self.files.of_host(session, host.name)
        self.fit_bmc(session, host, chassis)
        ports = (port.interface for port in host.ports)
        interfaces = [each for each in ports if each not in chassis.removed]
        Fitting(found, folder, self._hypervisor.account()).fit(chassis, interfaces)

    def fit_bmc(self, session: str, host: HostPlan, chassis: Chassis) -> None:
        """Bring a machine's BMC to what its chassis says, with the power on or off."""
        folder = self.files.of_host(session, host.name)
        if host.hardware is not None and host.hardware.bmc is not None:
            bmc.fit(folder, host.hardware.bmc, chassis, self._hypervisor.account())

    def _machine(
        self, session: str, host: HostPlan, image: ResolvedImage, disks: DiskSet, observer: DiskSet
    ) -> xml.Machine:
        folder = self.files.of_host(session, host.name)
        own = xml.DiskFile(observer.root, "raw", xml.OBSERVER_SERIAL, readonly=True)
        models = host.hardware.models if host.hardware else {}
        return xml.Machine(
            name=domain_name(session, host.name),
            mark=xml.Mark(self._installation, session, host.name),
            memory=host.memory or image.defaults.memory,
            cpus=host.cpus or image.defaults.cpus,
            kernel=disks.kernel,
            initrd=disks.initrd,
            disks=(xml.DiskFile(folder / "root.qcow2"), own),
            nics=tuple(
                xml.Nic(
                    tap_name(session, host.name, number),
                    port.mac,
                    models.get(port.interface, "virtio"),
                )
                for number, port in enumerate(host.ports)
            ),
            log=folder / "console.log",
            sockets=sockets_for(host.hardware),
            bmc=bmc.socket_of(folder) if host.hardware and host.hardware.bmc else None,
            uefi=host.hardware is not None and host.hardware.firmware == "uefi",
            accelerated=self._accelerated(),
            serial_ports=host.hardware.serial_ports if host.hardware else 1,
        )

    # ------------------------------------------------------------------ finding

    def get(self, session: str, host: str) -> Any:
        """A host's domain; raises `Missing`."""
        return self._hypervisor.get(domain_name(session, host))

    def marks(self) -> dict[str, tuple[xml.Mark, Any]]:
        """Every domain of this installation, by its name."""
        found = {}
        with talking("to list machines"):
            domains = self._hypervisor.connection.listAllDomains()
        for each in domains:
            with contextlib.suppress(Missing), talking("to look at a machine"):  # gone meanwhile
                mark = xml.mark_of(each.XMLDesc())
                if mark and mark.installation == self._installation:
                    found[each.name()] = (mark, each)
        return found

    def of_session(self, session: str) -> list[Any]:
        """Every domain of a session."""
        return [domain for mark, domain in self.marks().values() if mark.session == session]

    def guest(self, session: str, host: str) -> Guest:
        """The observer inside a host's machine; raises `ProviderError` if it has no power."""
        locks = self.files.of_host(session, host)
        return self._guest(self.get(session, host), host, locks)

    def _guest(self, found: Any, host: str, locks: Path) -> Guest:
        with talking(f"to look at {host}"):
            sockets = xml.observer_sockets(found.XMLDesc())
        if not all(str(path) != "." for path in sockets):
            raise ProviderError(f"{host} is switched off.", "`labctl sessions` shows its state.")
        return Guest(host, sockets, locks)

    def _boot(self, name: str) -> None:
        """Wait until a machine that is to be saved has booted, and make it ready for that."""
        with tempfile.TemporaryDirectory(prefix="labctl-warm-") as locks:
            guest = self._guest(self._hypervisor.get(name), name, Path(locks))
            guest.pins(BOOT_SECONDS)
            identity.await_boot(guest, BOOT_SECONDS)
            identity.rest(guest)

    # ------------------------------------------------------------------ ending

    def shut_down(self, domains: Sequence[Any], seconds: float = STOP_SECONDS) -> None:
        """Press the power button of each, and cut the power of what has not gone off in time.

        Raises `ProviderError` for one that the server's full disk keeps from going on.
        """

        def one(machine: Any) -> None:
            if state_of(machine) == "frozen":
                go_on(machine)
            with talking("to shut a machine down"):
                if machine.isActive():
                    machine.shutdown()
                until = time.monotonic() + seconds
                while machine.isActive() and time.monotonic() < until:
                    time.sleep(POLL)
                if machine.isActive():
                    machine.destroy()

        at_once(one, domains)

    def cut_power(self, machine: Any) -> None:
        """Take a machine's power away, as it is."""
        _cut_power(machine)

    def chassis(self, session: str, host: str) -> Chassis | None:
        """A host's hardware as it is now."""
        return load(self.files.of_host(session, host))

    def without(self, session: str, host: str) -> tuple[str, ...]:
        """The interfaces of a machine whose network card is out."""
        now = load(self.files.of_host(session, host))
        return now.removed if now else ()

    def leave(self, session: str, host: str, pending: str) -> None:
        """Note what is left to be done to a machine now, if that is something else than before."""
        folder = self.files.of_host(session, host)
        now = load(folder)
        if now is not None and now.pending != pending:
            save(folder, replace(now, pending=pending))

    def serials(self, session: str, host: str) -> tuple[str, ...]:
        """The serial numbers of the disks in a machine's bays."""
        now = load(self.files.of_host(session, host))
        return tuple(disk.serial for disk in now.bays.values()) if now else ()

    def snapshot(self, session: str, host: str) -> str:
        """Keep a copy of a host's disks, taken while its processors stand still; its name."""
        machine = self.get(session, host)
        with talking(f"to keep a snapshot of {host}"):
            running = machine.isActive() and machine.state()[0] != library().VIR_DOMAIN_PAUSED
            if running:
                machine.suspend()
        try:
            return self.files.keep(session, host)
        finally:
            if running:
                with talking(f"to let {host} go on"):
                    machine.resume()

    def discard(self, session: str, host: str) -> None:
        """Remove one host's machine and its files, but for its snapshots."""
        found = self._hypervisor.find(domain_name(session, host))
        if found is not None:
            _remove(found)
        self.files.clear(session, host)

    def remove(self, session: str, *, but_kept: bool = False) -> None:
        """Cut the power of a session's machines and remove them and their files.

        With `but_kept` their snapshots stay.
        """
        at_once(_remove, self.of_session(session))
        if session and but_kept:
            self.files.remove_but_kept(session)
        elif session:
            self.files.remove(session)


def _cut_power(machine: Any) -> None:
    try:
        with talking("to cut a machine's power"):
            if machine.isActive():
                machine.destroy()
    except ProviderError:  # it may have gone off in that moment
        with talking("to look at a machine"):
            if machine.isActive():
                raise


def _remove(machine: Any) -> None:
    """Cut a machine's power and have libvirt forget it."""
    libvirt = library()
    flags = libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM
    _cut_power(machine)
    with talking("to remove a machine"):
        if machine.isPersistent():
            machine.undefineFlags(flags)


def _as_fitted(machine: xml.Machine, host: HostPlan, chassis: Chassis) -> xml.Machine:
    """The machine with the memory and the cards that its chassis has by now."""
    cards = zip(host.ports, machine.nics, strict=True)
    return replace(
        machine,
        memory=chassis.memory,
        nics=tuple(nic for port, nic in cards if port.interface not in chassis.removed),
    )
