#!/bin/bash
# The model solution: server and password as in the database team's note, and read anew.
sed -i "s|^host = .*|host = $LAB_DB|" /etc/webapp/shop.ini
sed -i "s|^password = .*|password = $LAB_PASSWORD|" /etc/webapp/shop.ini
service webapp restart
