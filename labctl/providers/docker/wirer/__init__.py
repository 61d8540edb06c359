"""The wirer: lays the cables of a session and prepares its hosts before their PID 1 goes on.

It is a program in a helper container of its own, apart from the observer, since it may change what
the observer may only look at. It needs Python's standard library and the agent's `system` and
`hosts`, which lie beside it in the image.

    __main__   the acts: wire, unwire, end; one JSON request on standard input, lines of JSON out
    cables     bridges and veth pairs
    prepare    what Docker put in a host's way, and the gate that its PID 1 waits at
"""
