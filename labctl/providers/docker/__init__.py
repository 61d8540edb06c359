"""Lab hosts as Docker containers, on networks that Docker knows nothing of (the fabric).

provider   the seams of `labctl.providers.base`, put together from:
daemon     the one connection to Docker Engine, and its errors in our words
labels     how everything that is made is named and marked
hosts      containers of hosts and of the fabric: made, started, stopped, removed
helpers    the wirer and the observer, one each a server
cabling    the wirer's requests, from a plan
streams    a byte stream to a program in a container
inside     programs run inside hosts, with deadlines
console    a terminal on a host
guard      what is done when hosts fill the server's disk
wirer/     the program in the wirer (stand-alone)
"""
