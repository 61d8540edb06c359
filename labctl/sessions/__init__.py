"""Sessions: what an assessor, a candidate or a centre does with one attempt at a lab.

    controller  what a use-case stands on: library, store, provider
    record      a session's plan, placement and files, read back from the store
    starting    hosts up, set up, clock started
    grading     the order of grading: frozen state, behaviour, state again, after a restart
    submission  hand-in: graded, recorded, hosts frozen
    deadline    a warning, and the hand-in when the time is over
    announcing  what is said at consoles
    capturing   what the hosts were like at the hand-in, kept
    reopening   a hand-in opened again
    checking    a look at a running session's work, recorded but never a hand-in
    stopping    hosts removed
    voiding     a session that does not count
    attempts    whether one more is allowed
    suspending  a faulty check costs nobody a mark
    incidents   notes, suspicions, notices
    assistance  every reach into a candidate's work
    recovery    what was left half done by a command that was killed
    remarking   verdicts computed again from stored observations
    views       what is shown of sessions

Every use-case takes and returns frozen, serialisable values. One that changes something records
its intention before it acts and the result after.
"""
