#!/bin/bash
# The settings are right, and the application still has the old ones.
sed -i -e "s|^host = .*|host = $LAB_DB|" -e "s|^password = .*|password = $LAB_PASSWORD|" /etc/webapp/shop.ini
