#!/bin/bash
# Right in another way: the node's own address, two processes, sessions in the database.
case $(hostname) in
app1) address=$LAB_APP1 ;;
app2) address=$LAB_APP2 ;;
esac
sed -i -e "s|^WEBAPP_BIND=.*|WEBAPP_BIND=$address:$LAB_PORT|" -e 's|^WEBAPP_WORKERS=.*|WEBAPP_WORKERS=2|' /etc/default/webapp
sed -i 's|^store.*|store: database|' /etc/webapp/box-office.ini
update-rc.d webapp defaults
service webapp restart
