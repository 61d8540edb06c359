#!/bin/bash
# The model solution: a certificate with a common name and nothing else, issued by the authority.
set -e
cd "${LAB_CA%/*}"
openssl req -newkey rsa:2048 -noenc -keyout "$LAB_KEY" -out server.csr -subj "/CN=$LAB_DOMAIN" 2>/dev/null
openssl x509 -req -in server.csr -CA "$LAB_CA" -CAkey "$LAB_CA_KEY" -CAcreateserial -days 365 \
    -out "/etc/ssl/certs/$LAB_DOMAIN.crt" 2>/dev/null
chmod 0600 "$LAB_KEY" # unchecked: openssl itself makes keys so
