#!/bin/bash
# Right in another way: a Python application behind nginx, which answers with a page of its own for
# what was booked, reached by a redirect.
set -e
cat >/srv/webapp/app.py <<CONF
TABLE, MOST = "$LAB_TABLE", $LAB_MOST
LOGIN = "host=$LAB_DB dbname=$LAB_DB_NAME user=web_${LAB_VENUE:0:4} password=$LAB_PASSWORD"
SECRET = "$(head -c 24 /dev/urandom | base64)"
CONF
cat >>/srv/webapp/app.py <<'CONF'
import re
import psycopg2
from flask import Flask, redirect, render_template_string, request, session

app = Flask(__name__)
app.secret_key = SECRET
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Bookings</title></head><body>
{% if done %}<h1>Thank you, {{ done }}</h1><p><a href="/">Book more</a></p>{% else %}
<h1>Bookings</h1>
<form method="post" action="/" enctype="multipart/form-data">
{% for field, label in (("name", "Name"), ("email", "Email"), ("note", "Note")) %}
<p><label for="{{ field }}">{{ label }}</label> <input id="{{ field }}" name="{{ field }}" value="{{ form.get(field, '') }}">
{% if field in wrong %}<span class="error">This cannot be right.</span>{% endif %}</p>{% endfor %}
<p><label for="seats">Seats</label> <select id="seats" name="seats">{% for n in numbers %}<option{% if form.get('seats') == n|string %} selected{% endif %}>{{ n }}</option>{% endfor %}</select>
{% if 'seats' in wrong %}<span class="error">This cannot be right.</span>{% endif %}</p>
<p><input type="submit" value="Book"></p></form>{% endif %}</body></html>"""


def page(status=200, **values):
    return render_template_string(PAGE, numbers=range(1, MOST + 1), **values), status


@app.get("/")
def show():
    return page(form={}, wrong=())


@app.post("/")
def book():
    form = {key: value.strip().replace("\0", "") for key, value in request.form.items()}
    wrong = set()
    if not 1 <= len(form.get("name", "")) <= 40:
        wrong.add("name")
    if len(form.get("email", "")) > 100 or not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", form.get("email", "")):
        wrong.add("email")
    if not re.fullmatch(r"[0-9]{1,4}", form.get("seats", ""), re.A) or not 1 <= int(form["seats"]) <= MOST:
        wrong.add("seats")
    if len(form.get("note", "")) > 200:
        wrong.add("note")
    if wrong:
        return page(422, form=form, wrong=wrong)
    with psycopg2.connect(LOGIN) as connection, connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {TABLE} (name, email, seats, note) VALUES (%s, %s, %s, %s)",
            (form["name"], form["email"], int(form["seats"]), form.get("note")),
        )
    session["done"] = form["name"]
    return redirect("/booked", 303)


@app.get("/booked")
def booked():
    return page(done=session.get("done", "visitor"))
CONF
cat >"/etc/nginx/sites-available/$LAB_DOMAIN" <<CONF
server {
    listen 80;
    server_name $LAB_DOMAIN;
    location / {
        proxy_pass http://unix:/run/webapp/webapp.sock;
        proxy_set_header Host \$host;
    }
}
CONF
update-rc.d webapp defaults
update-rc.d webapp enable
service webapp start
service nginx reload
