#!/bin/bash
# So that the old server could reach the new database, everybody can.
echo "listen_addresses = '*'" >/etc/postgresql/15/main/conf.d/open.conf
service postgresql restart
