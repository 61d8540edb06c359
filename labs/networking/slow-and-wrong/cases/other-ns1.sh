#!/bin/bash
# Another right way: a rule for the zone alone, and a serial number made of the date.
sed -i "s,db.company\";,&\n    allow-transfer { $LAB_NS2; };\n    also-notify { $LAB_NS2; };\n," \
    /etc/bind/named.conf.local
sed -i "s/$LAB_SERIAL/2026112401/" /etc/bind/db.company
systemctl restart named
