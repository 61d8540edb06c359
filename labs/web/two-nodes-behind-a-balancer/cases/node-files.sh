#!/bin/bash
# The sessions stay where they are: on each node its own.
sed -i "s|^WEBAPP_BIND=.*|WEBAPP_BIND=0.0.0.0:$LAB_PORT|" /etc/default/webapp
systemctl enable webapp
systemctl restart webapp
