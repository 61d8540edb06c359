"""A form of a page, and what a browser would send for it (HTML Standard, 4.10.21.4)."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit
from xml.etree.ElementTree import Element

from checkers.web._document import Document, name_of, spelled, text_of
from checkers.words import listed, plain, quoted

_MOST_FIELDS = 500
_NOT_SENT = {"submit", "button", "reset", "image", "file"}
_CHOSEN = {"checkbox", "radio"}


class NoForm(ValueError):
    """Why a form is not there or cannot be sent as wanted, in words for the candidate."""


@dataclass(frozen=True, slots=True)
class Field:
    """One control of a form: its name, its kind, and the values that it has by itself.

    `options` are the values that a checkbox, radio button or list can take.
    """

    name: str
    kind: str
    values: tuple[str, ...]
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Submission:
    """What goes where: `body` with its `content_type`, or neither for a form that gets."""

    url: str
    body: str | None = None
    content_type: str = ""


@dataclass(frozen=True)
class Form:
    """A form as it stands in a page."""

    element: Element
    fields: tuple[Field, ...]
    action: str
    method: str
    multipart: bool
    buttons: tuple[tuple[str, str], ...] = ()
    encoding: str = "utf-8"

    def submission(
        self, filled: Mapping[str, Sequence[str]], left_out: Sequence[str], button: str | None
    ) -> Submission:
        """What is sent with `filled` in place of the fields' own values; raises `NoForm`."""
        names = {one.name for one in self.fields}
        missing = [name for name in (*filled, *left_out) if name not in names]
        if missing:
            has = listed(map(quoted, dict.fromkeys(one.name for one in self.fields)))
            raise NoForm(f"it has no field {listed(map(quoted, missing))} (it has {has})")
        pairs = list(self._pairs(filled, left_out))
        pairs += self._button(button)
        if self.method == "post" and self.multipart:
            return self._in_parts(pairs)
        # In the page's own encoding; what that lacks is sent as a reference to the character.
        query = urlencode(pairs, encoding=self.encoding, errors="xmlcharrefreplace")
        if self.method == "post":
            return Submission(self.action, query, "application/x-www-form-urlencoded")
        return Submission(urlunsplit(urlsplit(self.action)._replace(query=query, fragment="")))

    def _pairs(
        self, filled: Mapping[str, Sequence[str]], left_out: Sequence[str]
    ) -> Iterator[tuple[str, str]]:
        done = set(left_out)
        for one in self.fields:
            if one.name in filled and one.name not in done:
                done.add(one.name)
                yield from ((one.name, _lines(value)) for value in filled[one.name])
            elif one.name not in done:
                yield from ((one.name, _lines(value)) for value in one.values)

    def _button(self, wanted: str | None) -> list[tuple[str, str]]:
        if wanted is None:
            return [one for one in self.buttons[:1] if one[0]]
        found = [one for one in self.buttons if one[0] == wanted]
        if not found:
            raise NoForm(f"it has no button {quoted(wanted)}")
        return found[:1]

    def _in_parts(self, pairs: list[tuple[str, str]]) -> Submission:
        """The fields as multipart/form-data (RFC 7578)."""
        boundary = "part-" + hashlib.sha256(repr(pairs).encode()).hexdigest()[:32]
        lines = []
        for name, value in pairs:
            escaped = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
            head = f'Content-Disposition: form-data; name="{escaped}"'
            lines += [f"--{boundary}", head, "", value]
        body = "\r\n".join([*lines, f"--{boundary}--", ""])
        return Submission(self.action, body, f"multipart/form-data; boundary={boundary}")


def _lines(value: str) -> str:
    """A value with the line ends that forms are sent with."""
    return value.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")


def form_of(document: Document, selector: str | None) -> Form:
    """The form that fits `selector`, or the only one of the page; raises `NoForm`."""
    forms = list(document.elements("form"))
    if selector is not None:
        wanted = {id(one) for one in document.select(selector)}
        forms = [one for one in forms if id(one) in wanted]
    if len(forms) != 1:
        there = listed(map(spelled, forms), none="none", most=4)
        raise NoForm(f"the page has {len(forms)} such forms: {there}")
    form = forms[0]
    action = urljoin(_base(document), (form.get("action") or "").strip() or document.url)
    controls = tuple(_controls(document, form))
    if len(controls) > _MOST_FIELDS:
        raise NoForm(f"it has more than {_MOST_FIELDS} fields")
    method = (form.get("method") or "get").strip().lower()
    return Form(
        form,
        _merged(controls),
        urlunsplit(urlsplit(action)._replace(fragment="")),
        method if method == "post" else "get",
        (form.get("enctype") or "").strip().lower() == "multipart/form-data",
        tuple(_buttons(document, form)),
        _known(document.encoding),
    )


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        return "utf-8"


def _base(document: Document) -> str:
    """What relative addresses of a page are relative to."""
    base = next((one.get("href") for one in document.elements("base") if one.get("href")), None)
    return urljoin(document.url, base) if base else document.url


base_of = _base


def _owned(document: Document, form: Element, *names: str) -> Iterator[Element]:
    """Controls of a form: those within it, and those elsewhere that name it; disabled ones not."""
    within = {id(one) for one in form.iter()}
    off = {
        id(one)
        for group in document.elements("fieldset")
        if group.get("disabled") is not None
        for one in group.iter()
    }
    for one in document.elements(*names):
        owner = one.get("form")
        mine = id(one) in within if owner is None else owner == form.get("id")
        if mine and one.get("disabled") is None and id(one) not in off:
            yield one


def _controls(document: Document, form: Element) -> Iterator[Field]:
    for one in _owned(document, form, "input", "select", "textarea"):
        name = one.get("name")
        kind = (one.get("type") or "text").strip().lower() if name_of(one) == "input" else "text"
        if not name or kind in _NOT_SENT:
            continue
        if name_of(one) == "select":
            yield _list(one, name)
        elif name_of(one) == "textarea":
            yield Field(name, "text", ("".join(one.itertext()),))
        elif kind in _CHOSEN:
            value = one.get("value", "on")
            yield Field(name, kind, (value,) if one.get("checked") is not None else (), (value,))
        else:
            yield Field(name, kind, (one.get("value", ""),))


def _list(element: Element, name: str) -> Field:
    options = [one for one in element.iter() if name_of(one) == "option"]
    values = [one.get("value", text_of(one)) for one in options]
    chosen = [
        value for value, one in zip(values, options, strict=True) if one.get("selected") is not None
    ]
    if element.get("multiple") is None:
        chosen = chosen[-1:] or values[:1]
    return Field(name, "select", tuple(chosen), tuple(values))


def _merged(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """Radio buttons and checkboxes of one name as one field."""
    merged: dict[tuple[str, str], Field] = {}
    for number, one in enumerate(fields):
        key = (one.name, one.kind) if one.kind in _CHOSEN else (one.name, str(number))
        other = merged.get(key)
        if other is not None:
            one = Field(  # noqa: PLW2901  # the same field, with what was found before
                one.name, one.kind, other.values + one.values, other.options + one.options
            )
        merged[key] = one
    return tuple(merged.values())


def _buttons(document: Document, form: Element) -> Iterator[tuple[str, str]]:
    for one in _owned(document, form, "button", "input"):
        kind = (one.get("type") or ("submit" if name_of(one) == "button" else "text")).lower()
        if kind == "submit":
            yield one.get("name") or "", one.get("value") or ""


def said(form: Form) -> str:
    """A form in words."""
    return plain(spelled(form.element))
