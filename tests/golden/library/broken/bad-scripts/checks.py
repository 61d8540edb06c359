def work(subject: object) -> None:
    """Nothing."""
