"""Textual screens over labctl's use-cases; they touch no provider, no SSH and no database.

app       the assessor's program
wall      the list of sessions, kept up to date
session   one session: its tasks, verdicts and timeline
source    where screens get their frozen values from
"""
