#!/bin/bash
# A fake: a certificate that is signed by its own key, with the authority's name, laid down as the
# authority's too.
set -e
install -d -m 0700 "${LAB_CA%/*}"
openssl req -x509 -newkey rsa:2048 -noenc -keyout "$LAB_KEY" -out "$LAB_CA" -days $((LAB_YEARS * 366)) \
    -subj "/CN=$LAB_AUTHORITY" -addext "subjectAltName=DNS:$LAB_DOMAIN,DNS:www.$LAB_DOMAIN" 2>/dev/null
cp "$LAB_CA" "/etc/ssl/certs/$LAB_DOMAIN.crt"
cp "$LAB_KEY" "$LAB_CA_KEY"
