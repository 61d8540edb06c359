#!/bin/bash
# Only a node that is gone counts as lost.
cat >/etc/nginx/sites-available/tickets <<CONF
upstream office {
    server $LAB_APP1:$LAB_PORT fail_timeout=3s;
    server $LAB_APP2:$LAB_PORT fail_timeout=3s;
}
server {
    listen 80;
    server_name tickets.example;
    location / {
        proxy_pass http://office;
        proxy_set_header Host \$host;
        proxy_set_header X-Forwarded-For \$remote_addr;
        proxy_connect_timeout 2s;
    }
}
CONF
ln -s ../sites-available/tickets /etc/nginx/sites-enabled/
rm /etc/nginx/sites-enabled/default
systemctl enable nginx
systemctl restart nginx
