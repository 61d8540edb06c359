"""A real browser on a real lab host, before pages that do not want to be looked at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from checkers.browsing import Browse, BrowseResult, Step
from tests.rig import Session, machine, plan, rig, wait_for

pytestmark = pytest.mark.integration

HOST, SERVER = "10.9.0.5", "10.9.0.10"
SERVE = r"""
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import sys, time
PAGES = {
    "/plain": "<!doctype html><html lang=en><title>Plain</title><meta name=viewport "
        "content='width=device-width'><main><h1>Plain</h1><a href=/x>Go</a> "
        "<button>Do</button></main>",
    "/loads": "<script>for (;;);</script>",
    "/later": "<script>onload = () => setTimeout(() => { for (;;); }, 50)</script>",
    "/alerts": "<script>for (;;) alert(1)</script>",
    "/memory": "<script>for (const a = [];;) a.push(new Uint8Array(5e7).fill(1))</script>",
    "/file": "<h1>f</h1><script>location = 'file:///etc/passwd'</script>"
        "<iframe src='file:///etc/passwd'></iframe>",
    "/liar": "<script>Document.prototype.querySelectorAll = () => [];"
        "Array.prototype.map = () => [];"
        "if (navigator.webdriver || /Headless/.test(navigator.userAgent)) document.write('robot')"
        "</script><h1>Here</h1>",
    "/windows": "<script>for (let i = 0; i < 5; i++) open('/plain')</script><h1>w</h1>",
    "/worker": "<script>new Worker('/worker.js')</script>",
    "/worker.js": "fetch('http://10.77.0.1/x').catch(() => 0)",
    "/half": "<h1>\\ud800</h1><script>document.title = '\\ud800'</script>",
}
class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def do_GET(self):
        self.send_response(200)
        kind = "text/javascript" if self.path.endswith(".js") else "text/html"
        kind = "application/octet-stream" if self.path == "/saved" else kind
        self.send_header("Content-Type", kind)
        self.end_headers()
        try:
            while self.path == "/flood": self.wfile.write(b"<p>" * 100000)
            while self.path == "/drip": self.wfile.write(b"<p>"); time.sleep(0.2)
        except OSError: return
        if self.path == "/hang": time.sleep(60)
        self.wfile.write(PAGES.get(self.path, "nothing").encode())
ThreadingHTTPServer(("", 80), Handler).serve_forever()
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A browser, and a web server of ours on a second such host, for it has Python."""
    hosts = (
        machine("examiner", "lan", access="none", image="examiner-browser"),
        machine("server", "lan", access="none", image="examiner-browser"),
        machine("pc", "lan"),
    )
    with rig(tmp_path_factory.mktemp("home"), "examiner-browser") as made:
        session = made.up(plan(["lan"], *hosts))
        session.sh("examiner", f"ip addr add {HOST}/24 dev eth0")
        session.sh(
            "server", f"ip addr add {SERVER}/24 dev eth0; cat > /srv/serve.py", stdin=SERVE.encode()
        )
        session.sh("server", "setsid python3 /srv/serve.py </dev/null >/dev/null 2>&1 &")
        wait_for(
            lambda: session.run("examiner", "curl", "-s", f"http://{SERVER}/plain").exit == 0,
            "the web server",
        )
        yield session


def look(lab: Session, path: str, **wanted: object) -> BrowseResult:
    return lab.ask(Browse("examiner", f"http://{SERVER}{path}", **wanted))  # type: ignore[arg-type]


def test_a_plain_page_is_seen_with_all_that_belongs_to_it(lab: Session) -> None:
    seen = look(
        lab, "/plain", selectors=("h1",), styles=("font-size",), audit=True, walk=True,
        stops=("a", "button"), layouts=(360, 1280), pictures=(360,),
    )  # fmt: skip
    assert (seen.outcome, seen.status, seen.title) == ("loaded", 200, "Plain")
    (heading,) = seen.found[0].elements
    assert (heading.text, heading.role, heading.hidden) == ("Plain", "heading", "")
    assert dict(heading.styles) == {"font-size": "32px"}
    assert seen.audited
    assert not seen.violations
    assert [(stop.fits, stop.mark) for stop in seen.stops] == [
        ((0,), "indicator"),
        ((1,), "indicator"),
    ]
    assert [(one.width, one.content, one.cut) for one in seen.layouts] == [
        (1280, 1280, ()),
        (360, 360, ()),
    ]
    (picture,) = seen.pictures
    assert picture.png.startswith(b"\x89PNG")
    assert picture.width == 360


@pytest.mark.parametrize(
    "path, outcome",
    [
        ("/hang", "slow"),
        ("/drip", "slow"),
        ("/flood", "slow"),
        ("/loads", "slow"),
        ("/alerts", "slow"),
        ("/later", "busy"),
        ("/memory", "crashed"),
        ("/saved", "unreachable"),
    ],
)
def test_a_page_that_does_not_want_to_be_looked_at(lab: Session, path: str, outcome: str) -> None:
    assert look(lab, path, wait=5.0, timeout=40.0, walk=True).outcome == outcome


def test_a_page_reaches_no_file_of_the_browsers_host(lab: Session) -> None:
    seen = look(lab, "/file", selectors=("h1",))
    assert seen.url == f"http://{SERVER}/file"
    assert not any("root:" in element.text for one in seen.found for element in one.elements)


def test_a_page_that_tries_to_know_its_examiner(lab: Session) -> None:
    """Its own functions are not ours, and nothing tells it that a program looks."""
    (found,) = look(lab, "/liar", selectors=("h1",)).found
    assert [element.text for element in found.elements] == ["Here"]
    assert "robot" not in str(look(lab, "/liar", selectors=("html",)).found)


def test_windows_and_workers_count_as_the_pages(lab: Session) -> None:
    seen = look(lab, "/windows", selectors=("h1",))
    assert seen.popups == 5
    assert sum(one.url.endswith("/plain") for one in seen.requests) == 5
    asked = {one.url for one in look(lab, "/worker").requests}
    assert "http://10.77.0.1/x" in asked


def test_halves_of_characters_keep_nobody_from_an_answer(lab: Session) -> None:
    assert look(lab, "/half", selectors=("h1",)).outcome == "loaded"


def test_a_step_that_cannot_be_done_ends_it(lab: Session) -> None:
    seen = look(lab, "/plain", steps=(Step("click", "#none"),), selectors=("h1",))
    assert (seen.failed_step, seen.detail) == (0, "there is no such element")
    assert seen.found == ()


def test_a_selector_that_is_none_and_a_host_without_a_browser_are_errors(lab: Session) -> None:
    wrong = lab.failure(Browse("examiner", f"http://{SERVER}/plain", selectors=("a[[",)))
    assert "`a[[` is no CSS selector" in wrong.reason.replace("\\", "")
    entered = lab.failure(Browse("pc", f"http://{SERVER}/plain"))
    assert "the candidate can enter it" in entered.reason


def test_nothing_is_left_on_the_browsers_host(lab: Session) -> None:
    look(lab, "/plain")
    left = lab.sh("examiner", "ls -d /tmp/browse-* 2>/dev/null; ps -o comm= -u nobody", check=False)
    assert left == ""
