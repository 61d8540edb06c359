#!/bin/bash
# A new serial number, and ns2 is refused as before.
sed -i "s/$LAB_SERIAL/$((LAB_SERIAL + 1))/" /etc/bind/db.company
rndc reload
