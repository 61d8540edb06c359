"""The warden: keeps the time, takes work in at the deadline, and looks after hosts.

    rounds   what one round does, and when the next is due
    hosts    hosts that have stopped, a disk that is full, deadlines that moved
    jobs     work beside the rounds, so that nothing holds the time up
    running  the loop, one for a state directory

It keeps nothing in memory that the store does not hold, so it may be killed at any time: the next
one catches up. Sessions know nothing of it.
"""
