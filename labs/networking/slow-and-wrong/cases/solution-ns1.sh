#!/bin/bash
sed -i "s/allow-transfer .*/allow-transfer { $LAB_NS2; };/" /etc/bind/named.conf.options
sed -i "s/$LAB_SERIAL/$((LAB_SERIAL + 1))/" /etc/bind/db.company
rndc reload
