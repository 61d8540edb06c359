"""Textual screens over the use-cases of `labctl`; touches no provider, no SSH, no database."""
