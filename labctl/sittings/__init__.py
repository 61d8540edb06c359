"""Sittings: a room, a time, labs, the people who sit there, and what became of each.

    model       what a sitting and a seat are
    pins        what shows that a seat is a candidate's

What is done is in the sitting's own log, and what is done to a session in that session's.
"""
