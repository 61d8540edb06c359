"""Sittings: a room, a time, labs, the people who sit there, and what became of each.

    model       what a sitting and a seat are
    reading     a sitting read back from its log, and which session is whose
    recording   writing into that log: who, in which role
    planning    a new one, with everything that is wrong or should be known
    cancelling  one that is not to be
    capacity    how many seats the server has room for
    preparing   the forecast, and every seat tried the day before
    register    who is there, late or absent; whose identity was checked
    pins        what shows that a seat is a candidate's
    issuing     PINs given out
    kit         what is printed for the room
    beginning   a session for everybody who is there, or who comes late
    acting      one act on many sessions, and what came of it in each
    pausing     everybody stops, and goes on
    notices     everybody is told something, and given the time for it
    ending      what became of everybody, sealed
    views       what is shown
    timeline    the log in words

What is done is in the sitting's own log, and what is done to a session in that session's.
"""
