"""Checks of this lab."""


def listens(subject):
    """Never run in a unit test."""
    raise NotImplementedError
