"""Backups: the whole of a centre's state in one file, and back from it.

archive    the file: its members, and the proof that all of them are there as they were
alone      a state directory that nobody else is in, and what its record would lose
places     directories that are made beside their place, and take it all at once
making     state → file, while sessions run
restoring  file → state, proved before it takes the place of anything
upgrading  a record brought to this program's version, after a backup
"""
