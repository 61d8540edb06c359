"""Messages of the printing protocol: what is written, what is read, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkers.hardware import _ipp
from checkers.hardware._ipp import NotIpp, Tag

HEAD = b"\x02\x00\x00\x00\x00\x00\x00\x01"
OPERATION = b"\x01\x47\x00\x12attributes-charset\x00\x05utf-8"


def attribute(tag: int, name: bytes, value: bytes) -> bytes:
    return bytes([tag, 0, len(name)]) + name + bytes([0, len(value)]) + value


def test_a_request_is_spelt_as_the_standard_says() -> None:
    """RFC 8010, appendix A.1, with fewer attributes."""
    made = _ipp.request(
        0x0002,
        (Tag.URI, "printer-uri", "ipp://localhost/printers/office"),
        (Tag.KEYWORD, "requested-attributes", "job-id"),
        (Tag.KEYWORD, "requested-attributes", "job-state"),
        (Tag.INTEGER, "copies", 20),
        (Tag.BOOLEAN, "ipp-attribute-fidelity", True),
        data=b"%PDF",
    )
    assert made == (
        b"\x02\x00\x00\x02\x00\x00\x00\x01"
        + OPERATION
        + attribute(0x48, b"attributes-natural-language", b"en")
        + attribute(0x45, b"printer-uri", b"ipp://localhost/printers/office")
        + attribute(0x44, b"requested-attributes", b"job-id")
        + attribute(0x44, b"", b"job-state")
        + attribute(0x21, b"copies", b"\x00\x00\x00\x14")
        + attribute(0x22, b"ipp-attribute-fidelity", b"\x01")
        + b"\x03%PDF"
    )


def test_an_answer_is_read_by_its_groups() -> None:
    found = _ipp.answer(
        HEAD
        + OPERATION
        + attribute(0x41, b"status-message", b"successful-ok")
        + b"\x02"
        + attribute(0x21, b"job-id", b"\x00\x00\x00\x93")
        + attribute(0x23, b"job-state", b"\x00\x00\x00\x03")
        + attribute(0x22, b"printer-is-accepting-jobs", b"\x00")
        + b"\x02"
        + attribute(0x44, b"reasons", b"paused")
        + attribute(0x44, b"", b"media-empty-report")
        + attribute(0x31, b"time", b"\x07\xea\x0b\x1d\x08\x00\x00\x00+\x00\x00")
        + b"\x03"
    )
    assert (found.status, found.said) == (0, "successful-ok")
    assert found.groups == (
        {"job-id": [147], "job-state": [3], "printer-is-accepting-jobs": [False]},
        {
            "reasons": ["paused", "media-empty-report"],
            "time": [b"\x07\xea\x0b\x1d\x08\x00\x00\x00+\x00\x00"],
        },
    )


@pytest.mark.parametrize(
    "message, why",
    [
        (b"", "too early"),
        (b"<html></html>", "another request"),
        (HEAD, "too early"),
        (HEAD + OPERATION, "too early"),
        (HEAD[:-1] + b"\x02" + OPERATION + b"\x03", "another request"),
        (HEAD + attribute(0x44, b"reasons", b"paused") + b"\x03", "belongs to nothing"),
        (HEAD + b"\x01" + attribute(0x44, b"", b"paused") + b"\x03", "belongs to nothing"),
    ],
)
def test_what_is_no_message_is_refused(message: bytes, why: str) -> None:
    with pytest.raises(NotIpp, match=why):
        _ipp.answer(message)


def test_a_message_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ipp, "_MOST_VALUES", 10)
    with pytest.raises(NotIpp, match="too many"):
        _ipp.answer(HEAD + OPERATION + attribute(0x21, b"", b"\0\0\0\0") * 10 + b"\x03")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        _ipp.answer(HEAD + data)
    except NotIpp:
        return
