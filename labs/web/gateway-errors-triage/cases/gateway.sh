#!/bin/bash
# The model solution: nginx asks where the application listens, and may.
sed -i 's|unix:/run/webapp/[a-z]*\.sock|unix:/run/webapp/webapp.sock|' /etc/nginx/sites-available/shop
usermod -aG webapp www-data
service nginx restart  # unchecked: orders.sh has nginx read its settings once more
