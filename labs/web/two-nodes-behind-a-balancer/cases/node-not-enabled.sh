#!/bin/bash
# Started by hand, and not at boot.
sed -i "s|^WEBAPP_BIND=.*|WEBAPP_BIND=0.0.0.0:$LAB_PORT|" /etc/default/webapp
sed -i 's|^store = .*|store = database|' /etc/webapp/box-office.ini
systemctl restart webapp
