"""Lab hosts as virtual machines: QEMU through libvirt, on the same fabric as containers.

provider    the seams of `labctl.providers.base`, put together; containers go to the Docker provider
hypervisor  the connection to libvirtd, and its errors in our words
domain      a host's machine as libvirt's XML
files       what a session has on the server's disk
guest       the way to the observer inside a machine
console     a terminal on a machine's serial line
"""
