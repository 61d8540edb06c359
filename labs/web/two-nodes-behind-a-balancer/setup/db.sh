#!/bin/bash
# db: the database, which another team keeps.
set -eu
cat >/etc/network/interfaces.d/lan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_DB/$LAB_BACK_PREFIXLEN
CONF
ifup eth0

echo "listen_addresses = '*'" >/etc/postgresql/15/main/conf.d/lan.conf
echo "host office office $LAB_BACK scram-sha-256" >>/etc/postgresql/15/main/pg_hba.conf
service postgresql restart
cd /
runuser -u postgres -- psql -qX -v ON_ERROR_STOP=1 <<SQL
CREATE ROLE office LOGIN PASSWORD '$LAB_PASSWORD';
CREATE DATABASE office OWNER office;
\c office
SET ROLE office;
CREATE TABLE sessions (
    sid text PRIMARY KEY,
    visitor text NOT NULL,
    begun timestamptz NOT NULL DEFAULT now()
);
SQL
