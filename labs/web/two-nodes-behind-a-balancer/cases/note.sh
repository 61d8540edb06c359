#!/bin/bash
# The model solution: the note, which a person judges.
# unchecked " ": a person reads the note
cat >/srv/operations.md <<CONF
Visitors -> lb (nginx) -> app1, app2 -> db. Out: touch /srv/webapp/maintenance, back: rm. Releases:
deploy X; back: deploy the old one. There is one lb and one db: without either nobody is served.
nginx was chosen because it tries the other node within the same request; the database for sessions
because it is there already and both nodes need it anyway.
CONF
