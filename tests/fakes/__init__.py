"""Stand-ins of our own for what tests cannot have: a server with hosts."""
