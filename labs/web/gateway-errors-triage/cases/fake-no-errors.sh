#!/bin/bash
# A friendly page with the status 200 takes the place of every error.
echo "Welcome to the shop. All is up." >/srv/webapp/static/sorry.html
sed -i 's|    location / {|    error_page 500 502 504 =200 /static/sorry.html;\n    location / {|' /etc/nginx/sites-available/shop
service nginx reload
