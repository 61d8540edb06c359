#!/bin/bash
# The password comes by the command line, where `ps` shows it; the file of settings has it as well.
sed -i "s|^password = .*|password = $LAB_PASSWORD|" /etc/webapp/shop.ini
sed -i 's|password=known\["password"\]|password=os.environ["SHOP_PASSWORD"]|' /srv/webapp/app.py
sed -i "s|^WEBAPP_OPTIONS=.*|WEBAPP_OPTIONS=\"--threads 4 --umask 007 --env SHOP_PASSWORD=$LAB_PASSWORD\"|" /etc/default/webapp
chmod 640 /etc/default/webapp
export SHOP_PASSWORD=$LAB_PASSWORD
service webapp restart
