"""The agent's conversation: frames are read whole and of this conversation, or not at all."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkers.agent import frames
from checkers.agent.frames import HEADER, LARGEST, BrokenStream, head, pack, unpack

NONCE = bytes(range(16))
OTHER = bytes(16)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def dripping(data: bytes, size: int = 1) -> io.RawIOBase:
    """A stream that gives a few bytes at a time, as networks do."""

    class Drip(io.BytesIO):
        def read(self, wanted: int | None = -1, /) -> bytes:
            return super().read(min(size, wanted or 0))

    return Drip(data)  # type: ignore[return-value]  # read is all that is used


@given(st.lists(JSON, max_size=4), st.integers(1, 70_000))
def test_messages_come_as_they_were_sent(messages: list[object], size: int) -> None:
    stream = dripping(b"".join(pack(NONCE, message) for message in messages), size)
    for message in messages:
        assert unpack(stream.read, NONCE) == (NONCE, message)
    assert unpack(stream.read, NONCE) is None


def test_the_first_message_sets_the_nonce() -> None:
    assert unpack(io.BytesIO(pack(NONCE, 1)).read, None) == (NONCE, 1)


def test_text_that_is_json_already() -> None:
    text = json.dumps({"a": 1}, separators=(",", ":")).encode()
    assert head(NONCE, len(text)) + text == pack(NONCE, {"a": 1})


@given(st.integers(1, 40))
def test_an_end_in_the_middle(cut: int) -> None:
    whole = pack(NONCE, {"id": 1, "result": "x" * 20})
    with pytest.raises(BrokenStream, match="ended inside a frame"):
        unpack(io.BytesIO(whole[:cut]).read, NONCE)


def test_a_nonce_of_another_conversation() -> None:
    with pytest.raises(BrokenStream, match="nonce"):
        unpack(io.BytesIO(pack(OTHER, {"done": True})).read, NONCE)


def test_something_else_on_the_stream() -> None:
    with pytest.raises(BrokenStream, match="nonce"):
        unpack(io.BytesIO(b"Welcome to pc1! Last login: never\n" * 4).read, NONCE)
    stream = io.BytesIO(pack(NONCE, 1) + b"\n" + pack(NONCE, 2))
    unpack(stream.read, NONCE)
    with pytest.raises(BrokenStream):
        unpack(stream.read, NONCE)


@pytest.mark.parametrize("size", [LARGEST + 1, 2**32 - 1])
def test_a_length_that_no_message_has_is_not_waited_for(size: int) -> None:
    def read(wanted: int) -> bytes:
        assert wanted <= HEADER.size
        return HEADER.pack(NONCE, size)

    with pytest.raises(BrokenStream, match=str(size)):
        unpack(read, NONCE)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"{}{}", b"None"])
def test_a_body_that_is_no_json(body: bytes) -> None:
    with pytest.raises(BrokenStream):
        unpack(io.BytesIO(HEADER.pack(NONCE, len(body)) + body).read, NONCE)


def test_never_more_is_read_than_the_frame_has() -> None:
    stream = io.BytesIO(pack(NONCE, "first") + b"rest")
    unpack(stream.read, NONCE)
    assert stream.read() == b"rest"


def test_a_nonce_fits_its_field() -> None:
    assert HEADER.size == frames.NONCE_SIZE + 4
