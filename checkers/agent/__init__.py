"""The agent: a program of the examiner's that looks at hosts from beside them.

It lives in the observer (a helper container of labctl's), reads requests from standard input and
writes answers to standard output, both as `frames`. It needs nothing but Python's standard
library, and imports nothing from outside this package, since it is copied into the image as it is.

    __main__   the loop: request in, answers out
    frames     how messages are laid out on the stream
    hosts      opens a host by its pins, and refuses one that has changed
    files      looks at files through a host's own mounts
    layers     what a container has written over its image
    processes  the kernel's table, one host's part of it
    programs   runs our programs in a host's network namespace, with the least rights
    connect    one TCP connection attempt, or one datagram
    dhcp       a client that looks for DHCP servers
    wire       what passes the ports of the fabric
    system     the system calls that Python does not have
"""
