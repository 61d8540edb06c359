"""The examiner's test page: a sheet of PDF, the format in which programs hand over their pages."""

from __future__ import annotations

_FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Courier>>"
_A4 = b"[0 0 595 842]"


def page(*lines: str) -> bytes:
    """A page with these lines of ASCII text on it, the same bytes for the same lines.

    What a viewer needs to find the objects of a file, their places in it, stands at its end (ISO
    32000-1, 7.5.4).
    """
    shown = b"".join(b"(%s) Tj T*\n" % _escaped(line) for line in lines)
    drawing = b"BT /F1 11 Tf 14 TL 60 760 Td\n%sET\n" % shown
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox%s/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>"
        % _A4,
        b"<</Length %d>>stream\n%sendstream" % (len(drawing), drawing),
        _FONT,
    )
    file = b"%PDF-1.4\n"
    places = []
    for number, each in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return b"".join(
        (
            file,
            b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table),
            b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, len(file)),
        )
    )


def _escaped(line: str) -> bytes:
    """A line as a string of PDF, in which brackets and backslashes mean something."""
    text = line.encode("ascii", "replace")
    for mark in (b"\\", b"(", b")"):
        text = text.replace(mark, b"\\" + mark)
    return text
