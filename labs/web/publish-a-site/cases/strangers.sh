#!/bin/bash
# The model solution: the default server answers 404 and has no pages.
set -e
cat >/etc/nginx/sites-available/default <<CONF
server {
    listen 80 default_server;
    server_name _; # unchecked: a name that nobody asks for
    return 404;
}
CONF
service nginx reload
