#!/bin/bash
# The log of errors is switched off.
sed -i 's|error_log .*;|error_log /dev/null crit;|' /etc/nginx/sites-available/shop
service nginx reload
