"""The register: who was there, when, and who looked at their proof of identity."""

from __future__ import annotations

from labctl.roomkit.model import Place, Room, by_name
from labctl.roomkit.page import page


def register(room: Room, places: tuple[Place, ...]) -> bytes:
    """Everybody by name, with room to write."""
    labs = {place.title for place in places}
    return page("register.html.j2", room, places=by_name(places), several=len(labs) > 1)
