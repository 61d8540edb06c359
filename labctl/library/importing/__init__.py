"""Scenarios of other tools as lab folders: topology and set-up, ready for tasks.

kathara        lab.conf with *.startup, device folders and shared/
containerlab   *.clab.yml with its nodes and links
model          what both come to: hosts, networks, files, and what could not be carried over
writing        the lab folder made of that
"""

from labctl.library.importing.containerlab import read_containerlab
from labctl.library.importing.kathara import read_kathara
from labctl.library.importing.model import Imported
from labctl.library.importing.writing import Place, write_lab

__all__ = ["Imported", "Place", "read_containerlab", "read_kathara", "write_lab"]
