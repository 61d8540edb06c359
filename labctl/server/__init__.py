"""`labctl serve`: the warden, and the use-cases on a Unix socket (docs/decisions/0011).

    frames   messages on a socket: whole, of a limited size, in a limited time
    calls    use-cases, values and errors as JSON, by their types alone
    reading  what may be read of the record without a role
    peers    who is at the other end
    serving  the socket, a thread for each call, the start and the end
    asking   the other side: a link, for whoever may not use the state directory

A candidate never reaches it: who may open the socket is an account in the group `labctl`.
"""
