#!/bin/bash
# The model solution: the record, which a person judges.
# unchecked " ": a person reads the record
cat >/srv/fault-record.md <<CONF
1. 502 on every page. shop.error.log: connect() to the socket failed. Compared with ss -xlp.
2. 500 on the start page, /health fine. error.log: what psycopg2 said. Compared with the note.
3. An order (500) or the report (504). error.log: PermissionError, or nginx: upstream timed out.
CONF
