#!/bin/bash
# Another right way: the newer format, with the key among those that apt trusts for everything.
rm "/etc/apt/sources.list.d/$LAB_COMPANY.list"
cp "/etc/apt/keyrings/$LAB_COMPANY.gpg" /etc/apt/trusted.gpg.d/
cat >"/etc/apt/sources.list.d/$LAB_COMPANY.sources" <<CONF
Types: deb
URIs: http://$LAB_MIRROR:8080/$LAB_COMPANY/
Suites: stable
Components: main
CONF
apt update
