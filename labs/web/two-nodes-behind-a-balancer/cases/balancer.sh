#!/bin/bash
# The model solution: nginx asks the other node where one fails or says that it is out of service.
cat >/etc/nginx/sites-available/tickets <<CONF
upstream office {
    server $LAB_APP1:$LAB_PORT fail_timeout=3s;
    server $LAB_APP2:$LAB_PORT fail_timeout=3s;
}
server {
    listen 80; # unchecked: what nginx does where nothing is said
    server_name tickets.example; # unchecked: it is the only site
    location / {
        proxy_pass http://office;
        proxy_set_header Host \$host; # unchecked: the application asks for no name
        proxy_set_header X-Forwarded-For \$remote_addr; # unchecked: for the nodes' own logs
        proxy_connect_timeout 2s; # unchecked: for a node that says nothing at all
        proxy_next_upstream error timeout http_502 http_503 http_504;
    }
}
CONF
ln -s ../sites-available/tickets /etc/nginx/sites-enabled/
rm /etc/nginx/sites-enabled/default # unchecked: visitors ask by name, so that it answers nobody
systemctl enable nginx
systemctl restart nginx
