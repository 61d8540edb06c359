#!/bin/bash
# Another right way: at the end of logrotate's own file, with dates in the names and a restart.
cat >>/etc/logrotate.conf <<CONF

/srv/shop/log/$LAB_SERVICE.log /srv/shop/log/debug.log {
    daily
    maxsize 2M
    rotate 2
    dateext
    compress
    create 0640 root adm
    lastaction
        /etc/init.d/$LAB_SERVICE restart >/dev/null
    endscript
}
CONF
