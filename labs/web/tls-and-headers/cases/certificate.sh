#!/bin/bash
# The model solution: a certificate for both names, issued by the authority.
set -e
cd "${LAB_CA%/*}" # unchecked: where the request lies matters to nobody
openssl req -newkey rsa:2048 -noenc -keyout "$LAB_KEY" -out server.csr -subj "/CN=$LAB_DOMAIN" 2>/dev/null
cat >server.ext <<CONF
subjectAltName = DNS:$LAB_DOMAIN, DNS:www.$LAB_DOMAIN
CONF
openssl x509 -req -in server.csr -CA "$LAB_CA" -CAkey "$LAB_CA_KEY" -CAcreateserial -days 365 \
    -extfile server.ext -out "/etc/ssl/certs/$LAB_DOMAIN.crt" 2>/dev/null
chmod 0600 "$LAB_KEY" # unchecked: openssl itself makes keys so
