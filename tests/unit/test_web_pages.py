"""Pages, forms and style sheets as the check types of the web read them."""

from __future__ import annotations

import pytest

from checkers.web import _conformance, _escaping, _forms, _sheets
from checkers.web._curl import Response
from checkers.web._document import LARGEST, Document, TooMuch, parsed, selector, text_of

HEAD = "<!doctype html><html lang=en><title>x</title>"


def page(body: str, url: str = "http://web.lab/a/b.html", kind: str = "text/html") -> Document:
    return parsed(Response(200, {"content-type": kind}, (HEAD + body).encode(), url))


def test_text_is_what_a_reader_would_see() -> None:
    found = page("<p>One<b>two</b></p><p>three<br>four<script>five()</script><!-- six --></p>")
    assert text_of(found.root) == "x Onetwo three four"


def test_the_charset_of_the_header_counts() -> None:
    body = HEAD.encode() + "<p>é".encode("latin-1")
    found = parsed(Response(200, {"content-type": "text/html; charset=ISO-8859-1"}, body))
    assert text_of(found.root) == "x é"


@pytest.mark.parametrize(
    "body, said",
    [
        ("<p>x" * 21_000, "more than 20000 elements"),
        ("<div>" * 300, "256 deep"),
        ("x" * LARGEST, "KiB"),
    ],
)
def test_pages_have_limits(body: str, said: str) -> None:
    with pytest.raises(TooMuch, match=said):
        page(body)


@pytest.mark.parametrize("wrong", ["a[", "p::before", "", "a:hover"])
def test_what_is_no_selector_for_a_page_that_stands_still(wrong: str) -> None:
    with pytest.raises(ValueError, match="`"):
        selector(wrong)


@pytest.mark.parametrize(
    "body, said",
    [
        ("<p id=''>x</p>", "an id cannot be"),
        ("<p id='a b'>x</p>", "an id cannot be"),
        ("<blink>x</blink>", "no element <blink>"),
        ("<img src=x>", "no alt text"),
        ("<a href=x href=y>x</a>", "stands twice"),
        ("<div>x", "ends while elements are open"),
    ],
)
def test_what_is_wrong_in_a_page(body: str, said: str) -> None:
    assert any(said in one for one in _conformance.problems(page(body)))


@pytest.mark.parametrize(
    "body", ["<my-part>x</my-part>", "<svg><path d='M0 0'/></svg>", "<ul><li>a<li>b</ul>"]
)
def test_what_is_right_in_a_page(body: str) -> None:
    assert list(_conformance.problems(page(body))) == []


# --------------------------------------------------------------------------- forms


def sent(body: str, **filled: list[str]) -> str:
    form = _forms.form_of(page(body), None)
    submission = form.submission(filled, (), None)
    return submission.body or submission.url


def test_what_a_browser_sends() -> None:
    body = (
        "<form method=POST id=f><input name=a value=1><input value=nameless>"
        "<input name=off disabled>"
        "<fieldset disabled><input name=off2 value=1></fieldset>"
        "<input type=radio name=r value=x><input type=radio name=r value=y checked>"
        "<input type=checkbox name=c><input type=checkbox name=d checked>"
        "<select name=s><option value=1>one<option>two</select>"
        "<select name=m multiple><option selected>p<option>q<option selected>r</select>"
        "<textarea name=t>\nx\ny</textarea><input type=file name=up></form>"
        "<input name=late form=f value=z><input name=other form=g>"
    )
    assert sent(body) == "a=1&r=y&d=on&s=1&m=p&m=r&t=x%0D%0Ay&late=z"
    assert sent(body, c=["on"], r=["x"], m=[]) == "a=1&r=x&c=on&d=on&s=1&t=x%0D%0Ay&late=z"


def test_where_a_form_is_sent() -> None:
    assert sent("<form><input name=q value=1></form>") == "http://web.lab/a/b.html?q=1"
    assert sent("<form action='c.html?x#y'><input name=q></form>") == "http://web.lab/a/c.html?q="
    assert sent("<base href='/z/'><form action=c><input name=q></form>") == "http://web.lab/z/c?q="


def test_a_form_is_sent_in_the_encoding_of_its_page() -> None:
    body = "<form method=post><input name=a></form>"
    assert sent(body, a=["é€日"]) == "a=%E9%80%26%2326085%3B"  # none declared: windows-1252
    assert sent("<meta charset=utf-8>" + body, a=["é"]) == "a=%C3%A9"


def test_the_button_that_is_pressed() -> None:
    body = "<form method=post><button name=go value=1>a</button>"
    body += "<input type=submit name=no value=2></form>"
    form = _forms.form_of(page(body), None)
    assert form.submission({}, (), None).body == "go=1"
    assert form.submission({}, (), "no").body == "no=2"
    with pytest.raises(_forms.NoForm, match="no button"):
        form.submission({}, (), "maybe")


def test_a_form_in_parts() -> None:
    body = '<form method=post enctype=multipart/form-data><input name="a&quot;b" value="é"></form>'
    document = page(body, kind="text/html; charset=utf-8")
    submission = _forms.form_of(document, None).submission({}, (), None)
    boundary = submission.content_type.partition("boundary=")[2]
    head = 'Content-Disposition: form-data; name="a%22b"'
    assert submission.body == f"--{boundary}\r\n{head}\r\n\r\né\r\n--{boundary}--\r\n"


def test_a_form_without_end_is_refused() -> None:
    with pytest.raises(_forms.NoForm, match="more than 500 fields"):
        _forms.form_of(page("<form>" + "<input name=a>" * 501 + "</form>"), None)


@pytest.mark.parametrize(
    "value, after, alive",
    [
        ("<b id=k>k</b>", "<p>&lt;b id=k>k&lt;/b></p>", False),
        ("<b id=k>k</b>", "<p><b id=k>k</b></p>", True),
        ('k" onclick="k()', '<input value="k" onclick="k()">', True),
        ("k' onclick='k()", "<input value='k' onclick='k()'>", True),
        ('k" onclick="k()', '<input value="k&quot; onclick=&quot;k()">', False),
        ("<script>k()</script>", "<script>k()</script>", True),
        ("<script>k()</script>", "<script>other()</script>&lt;script>k()&lt;/script>", False),
        ("k & O'Neill", "<p>k &amp; O'Neill</p>", False),
    ],
)
def test_what_came_alive(value: str, after: str, alive: bool) -> None:
    assert _escaping.came_alive(value, page("<form></form>"), page(after)) is alive


def test_what_was_in_the_page_before_is_no_injection() -> None:
    assert not _escaping.came_alive("<b>k</b>", page("<b>k</b>"), page("<b>k</b>&lt;b>k&lt;/b>"))
    assert _escaping.came_alive("<b>k</b>", page("<b>k</b>"), page("<b>k</b><b>k</b>"))


def test_a_value_that_is_too_much_is_not_harmless() -> None:
    assert _escaping.came_alive("<i>" * 300, page(""), page(""))


def test_a_value_in_a_field_is_shown() -> None:
    assert _escaping.shown("a  b", page("<input value='a b'>"))
    assert _escaping.shown("<i>", page("<textarea>&lt;i></textarea>"))
    assert not _escaping.shown("<i>", page("<p title='&lt;i>'>x</p>"))


# --------------------------------------------------------------------------- style sheets


@pytest.mark.parametrize(
    "query, width, holds",
    [
        ("screen", 360, True),
        ("print", 360, False),
        ("not print", 360, False),
        ("(max-width: 600px)", 600, True),
        ("(max-width: 600px)", 601, False),
        ("only screen and (min-width: 40em)", 640, True),
        ("(min-width: 40em)", 639, False),
        ("(width <= 600px)", 600, True),
        ("(width < 600px)", 600, False),
        ("(width > 600px)", 601, True),
        ("(width >= 37.5rem)", 600, True),
        ("print, (min-width: 100px)", 360, True),
        ("(min-width: 1.2.3px)", 360, False),
        ("(orientation: landscape)", 360, False),
    ],
)
def test_media_queries(query: str, width: int, holds: bool) -> None:
    assert _sheets.holds_at(query, width) is holds


def values(
    css: str, body: str = "<nav><ul class=a id=b><li>x</ul></nav>", width: int = 1280
) -> list[str]:
    sheet = _sheets.read("site.css", css.encode())
    return _sheets.Styles(page(body), (sheet,)).values("ul", "color", width)


@pytest.mark.parametrize(
    "css, value",
    [
        ("ul { color: red } nav ul { color: blue } ul { color: green }", "blue"),
        ("#b { color: red } ul.a { color: blue !important }", "blue"),
        ("ul, #b { color: red } ul.a { color: blue }", "red"),
        ("ul { color: red; color: blue }", "blue"),
        ("ul::before { color: red }", ""),
        ("ul:hover { color: red }", ""),
        ("@media print { ul { color: red } }", ""),
        ("@layer base { ul { color: red } }", "red"),
        ("@media (min-width: 10px) { @media (max-width: 20px) { ul { color: red } } }", ""),
        ("/* ul { color: red } */", ""),
    ],
)
def test_the_declaration_that_counts(css: str, value: str) -> None:
    assert values(css) == [value]


def test_a_style_attribute_counts_before_sheets() -> None:
    body = "<ul style='color: blue'></ul>"
    assert values("#b, ul { color: red }", body) == ["blue"]
    assert values("ul { color: red !important }", body) == ["red"]


@pytest.mark.parametrize(
    "css, said",
    [
        ("p { color red }", "a colon"),
        ("p { color: }", "no value"),
        ("p color: red; }", "a brace"),
        ("p { color: red", "while a brace is open"),
        ("p:: { color: red }", "line 1"),
        ("@import nothing;", "@import without an address"),
    ],
)
def test_errors_of_syntax(css: str, said: str) -> None:
    assert any(said in one for one in _sheets.read("site.css", css.encode()).errors)


def test_a_sheet_without_errors() -> None:
    css = '@charset "utf-8"; @import "a.css"; @import url(b.css); @import url("c.css"); '
    css += '@import "print.css" print; p::after { content: "}" } /* { */ @font-face { src: url(x) }'
    sheet = _sheets.read("site.css", css.encode())
    assert (sheet.errors, sheet.imports) == ([], ["a.css", "b.css", "c.css"])


def test_sheets_have_limits() -> None:
    assert "more rules" in _sheets.read("x", b"p { color: red }" * 3000).errors[-1]
    deep = "@media screen {" * 12 + "p { color: red }" + "}" * 12
    assert "more rules" in _sheets.read("x", deep.encode()).errors[-1]
    with pytest.raises(TooMuch, match="too long to be matched"):
        values("x y z a b c ul { color: red }", "<div>" * 100 + "<ul>" + "</div>" * 100)
