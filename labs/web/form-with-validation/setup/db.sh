#!/bin/bash
# The database: a table with bookings taken by telephone, a login for the site that can read and add,
# and one for the examiner that can read.
set -eu
cat >/etc/network/interfaces.d/lan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_DB/$LAB_LAN_PREFIXLEN
CONF
ifup eth0

echo "listen_addresses = '*'" >/etc/postgresql/15/main/conf.d/lan.conf
for login in "web_${LAB_VENUE:0:4}" examiner; do
	echo "host $LAB_DB_NAME $login $LAB_LAN scram-sha-256" >>/etc/postgresql/15/main/pg_hba.conf
done
pg_ctlcluster 15 main restart
runuser -u postgres -- psql -v ON_ERROR_STOP=1 -q -v web="web_${LAB_VENUE:0:4}" -v name="$LAB_DB_NAME" \
	-v password="$LAB_PASSWORD" -v exam="$LAB_EXAM" -v tab="$LAB_TABLE" <<'SQL'
CREATE ROLE :"web" LOGIN PASSWORD :'password';
CREATE ROLE examiner LOGIN PASSWORD :'exam';
CREATE DATABASE :"name";
\c :"name"
CREATE TABLE :"tab" (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    taken timestamptz NOT NULL DEFAULT now(),
    phoned boolean NOT NULL DEFAULT false,
    name text NOT NULL,
    email text NOT NULL,
    seats integer NOT NULL,
    note text
);
INSERT INTO :"tab" (phoned, name, email, seats, note) VALUES
    (true, 'Amy Sutton', 'amy@mail.example', 3, 'aisle'),
    (true, 'Bilal Khan', 'bilal@mail.example', 3, NULL),
    (true, 'Chen Wei', 'chen@mail.example', 3, 'wheelchair'),
    (true, 'Dilys Parry', 'dilys@mail.example', 3, NULL);
GRANT SELECT, INSERT (name, email, seats, note) ON :"tab" TO :"web";
GRANT SELECT ON :"tab" TO examiner;
SQL
