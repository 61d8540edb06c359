def work(subject):
    """Nothing."""
