#!/bin/bash
# The model solution: an authority, in a folder that nobody else can enter.
set -e
install -d -m 0700 "${LAB_CA%/*}"
openssl req -x509 -newkey rsa:3072 -noenc -keyout "$LAB_CA_KEY" -out "$LAB_CA" \
    -days $((LAB_YEARS * 366)) -subj "/CN=$LAB_AUTHORITY" \
    -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
chmod 0600 "$LAB_CA_KEY" # unchecked: openssl itself makes keys so
