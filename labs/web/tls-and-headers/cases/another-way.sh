#!/bin/bash
# Right in another way: elliptic curves, a wildcard, everything in one block, headers
# by map and for all of nginx, 308.
set -e
umask 077
mkdir -p "${LAB_CA%/*}"
cd "${LAB_CA%/*}"
openssl ecparam -name prime256v1 -genkey -noout -out "$LAB_CA_KEY"
openssl req -x509 -new -key "$LAB_CA_KEY" -out "$LAB_CA" -days 4000 -subj "/O=$LAB_CUSTOMER/CN=$LAB_AUTHORITY"
openssl ecparam -name secp384r1 -genkey -noout -out "$LAB_KEY"
openssl req -new -key "$LAB_KEY" -out www.csr -subj "/O=$LAB_CUSTOMER"
printf 'basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:*.%s,DNS:%s\n' "$LAB_DOMAIN" "$LAB_DOMAIN" >www.ext
openssl x509 -req -in www.csr -CA "$LAB_CA" -CAkey "$LAB_CA_KEY" -set_serial 77 -days 90 -extfile www.ext -out www.crt
umask 022
cat www.crt "$LAB_CA" >/etc/nginx/www-chain.pem
chmod 0400 "$LAB_KEY"
sed -i 's/^ssl_protocols.*/ssl_protocols TLSv1.2 TLSv1.3;/; s/^ssl_ciphers.*/server_tokens off;/' /etc/nginx/conf.d/insurer.conf
cat >"/etc/nginx/sites-available/$LAB_DOMAIN" <<CONF
map \$uri \$keep {
    ~^/guides/ "max-age=86400";
}
server {
    listen 80 default_server;
    listen 443 ssl http2 default_server;
    server_name $LAB_DOMAIN www.$LAB_DOMAIN;
    root /var/www/$LAB_DOMAIN;
    ssl_certificate /etc/nginx/www-chain.pem;
    ssl_certificate_key $LAB_KEY;
    if (\$scheme = http) {
        return 308 https://\$http_host\$request_uri;
    }
    add_header Cache-Control \$keep;
    add_header Strict-Transport-Security "max-age=63072000;" always;
    add_header X-Content-Type-Options "nosniff" always;
    add_header Content-Security-Policy "base-uri 'none'; default-src 'self'; frame-ancestors 'none'" always;
    add_header Referrer-Policy "same-origin" always;
}
CONF
systemctl restart nginx
