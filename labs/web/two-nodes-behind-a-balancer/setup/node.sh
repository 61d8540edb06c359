#!/bin/bash
# app1 and app2: app1 has served alone so far, app2 is a copy of it that was never put to work.
set -eu
case $(hostname) in
app1) address=$LAB_APP1 ;;
app2) address=$LAB_APP2 ;;
esac
cat >/etc/network/interfaces.d/lan <<CONF
auto eth0
iface eth0 inet static
    address $address/$LAB_BACK_PREFIXLEN
CONF
ifup eth0
printf '%s\n' "$LAB_LB_BACK lb" "$LAB_APP1 app1" "$LAB_APP2 app2" "$LAB_DB db" >>/etc/hosts

install -m 0644 "$LAB_FILES/app.py" /srv/webapp/app.py
echo "$LAB_RELEASE" >/srv/webapp/VERSION
install -d -m 0755 /etc/webapp
cat >/etc/webapp/box-office.ini <<CONF
[sessions]
# files: in /var/lib/webapp/sessions on this machine; database: in the table of that name
store = files

[database]
host = $LAB_DB
name = office
user = office
password = $LAB_PASSWORD
CONF
chown root:webapp /etc/webapp/box-office.ini
chmod 0640 /etc/webapp/box-office.ini
install -d -m 0755 /var/lib/webapp
install -d -o webapp -g webapp -m 0700 /var/lib/webapp/sessions
sed -i -e "s/^WEBAPP_BIND=.*/WEBAPP_BIND=127.0.0.1:$LAB_PORT/" \
    -e 's/^WEBAPP_OPTIONS=.*/WEBAPP_OPTIONS="--threads 4"/' /etc/default/webapp
if [ "$(hostname)" = app1 ]; then
    sed -i "s/^WEBAPP_BIND=.*/WEBAPP_BIND=0.0.0.0:$LAB_PORT/" /etc/default/webapp
    systemctl enable webapp
    systemctl start webapp
fi

install -d -m 0700 /root/.ssh
python3 "$LAB_FILES/ssh_key.py" "$LAB_SEED" public >/root/.ssh/authorized_keys
systemctl enable ssh
systemctl start ssh
