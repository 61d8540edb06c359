"""The box office: a visitor signs in, and finds what they have reserved.

The settings in /etc/webapp/box-office.ini are read when the application starts.
"""

from __future__ import annotations

import configparser
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2
from flask import Flask, make_response, request

SETTINGS = Path("/etc/webapp/box-office.ini")
VERSION = Path(__file__).with_name("VERSION").read_text().strip()
MAINTENANCE = Path("/srv/webapp/maintenance")
FILES = Path("/var/lib/webapp/sessions")

settings = configparser.ConfigParser(interpolation=None)
settings.read_string(SETTINGS.read_text())
app = Flask(__name__)


def database() -> Any:
    """A new connection to the database."""
    known = settings["database"]
    return psycopg2.connect(
        host=known["host"],
        dbname=known["name"],
        user=known["user"],
        password=known["password"],
        connect_timeout=3,
    )


def begin_in_files(sid: str, user: str) -> None:
    """Remember a visitor on this machine."""
    (FILES / sid).write_text(user)


def user_in_files(sid: str) -> str | None:
    """Who has this session on this machine."""
    place = FILES / sid
    return place.read_text() if sid.isalnum() and place.is_file() else None


def begin_in_database(sid: str, user: str) -> None:
    """Remember a visitor in the database."""
    with database() as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO sessions (sid, visitor) VALUES (%s, %s)", (sid, user))


def user_in_database(sid: str) -> str | None:
    """Who has this session, by the database."""
    with database() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT visitor FROM sessions WHERE sid = %s", (sid,))
        row = cursor.fetchone()
    return row[0] if row else None


STORES: dict[str, tuple[Callable[[str, str], None], Callable[[str], str | None]]] = {
    "files": (begin_in_files, user_in_files),
    "database": (begin_in_database, user_in_database),
}
begin, user_of = STORES[settings["sessions"]["store"]]


@app.before_request
def maintenance() -> tuple[str, int] | None:
    """While the file is there the node says that it is out of service, on every page."""
    return ("out of service\n", 503) if MAINTENANCE.exists() else None


@app.get("/health")
def health() -> tuple[str, int]:
    """200 while this node can serve visitors, 503 while it cannot."""
    try:
        database().close()
    except psycopg2.Error:
        return "no database\n", 503
    return "ok\n", 200


@app.get("/version")
def version() -> str:
    """Which release this node serves."""
    return f"{VERSION} {socket.gethostname()}\n"


@app.get("/")
def home() -> str:
    """The start page."""
    return f"<!DOCTYPE html><title>Box office</title><h1>Box office</h1><p>Release {VERSION}</p>"


@app.post("/login")
def login() -> Any:
    """Begin a session."""
    sid = secrets.token_hex(16)
    begin(sid, request.args["user"])
    answer = make_response("welcome\n")
    answer.set_cookie("sid", sid, httponly=True, samesite="Lax")
    return answer


@app.get("/account")
def account() -> tuple[str, int]:
    """What only a visitor who has signed in may see."""
    user = user_of(request.cookies.get("sid", ""))
    return (f"signed in as {user}\n", 200) if user else ("not signed in\n", 401)
