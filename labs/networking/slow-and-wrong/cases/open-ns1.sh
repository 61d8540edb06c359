#!/bin/bash
# Whoever asks may fetch the zone.
sed -i "s/allow-transfer .*/allow-transfer { any; };/" /etc/bind/named.conf.options
sed -i "s/$LAB_SERIAL/$((LAB_SERIAL + 1))/" /etc/bind/db.company
rndc reload
