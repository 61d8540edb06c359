#!/bin/bash
# The model solution: the receipts are the application's again, and nginx waits for the report.
chown -R webapp:webapp /var/lib/webapp/receipts
sed -i 's|proxy_read_timeout .*;|proxy_read_timeout 30s;|' /etc/nginx/sites-available/shop
service nginx reload
