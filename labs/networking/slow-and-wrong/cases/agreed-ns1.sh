#!/bin/bash
# Both servers say the same again: the old.
sed -i "s/$LAB_SRV/$LAB_OLD/" /etc/bind/db.company
sed -i "s/$LAB_SERIAL/$((LAB_SERIAL + 1))/" /etc/bind/db.company
sed -i "s/allow-transfer .*/allow-transfer { $LAB_NS2; };/" /etc/bind/named.conf.options
rndc reload
