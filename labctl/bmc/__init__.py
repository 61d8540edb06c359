"""A baseboard management controller (BMC) for a virtual machine.

It is a process beside QEMU and speaks IPMI 2.0 with the machine over QEMU's `ipmi-bmc-extern`. It
imports the standard library alone, and keeps what it holds in files that the controller reads:

    bmc.json         the machine's sensors and parts as they are now; the controller writes it
    bmc.log          what the process had to complain of
    bmc/state.json   thresholds, event log, what was done to the power; the BMC writes it
    bmc/socket       where QEMU connects

The folder `bmc` is the process's own, which has QEMU's account; the controller only reads there.
"""
