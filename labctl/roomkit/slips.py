"""Seat slips: several to a page, to be cut out and laid on the seats. Nobody's name is on them."""

from __future__ import annotations

from labctl.roomkit.model import Place, Room, in_order
from labctl.roomkit.page import page

ON_A_PAGE = 8


def slips(room: Room, places: tuple[Place, ...]) -> bytes:
    """The slips of the seats whose PIN is known, by seat."""
    known = [place for place in in_order(places) if place.pin]
    pages = [known[start : start + ON_A_PAGE] for start in range(0, len(known), ON_A_PAGE)]
    return page("slips.html.j2", room, pages=pages)
