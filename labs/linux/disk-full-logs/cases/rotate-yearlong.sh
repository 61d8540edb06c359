#!/bin/bash
# Rotated, but once a week, and the logs of a whole year are kept.
cat >"/etc/logrotate.d/$LAB_SERVICE" <<CONF
/srv/shop/log/*.log {
    weekly
    rotate 52
    compress
    create 0640 root adm
    sharedscripts
    postrotate
        service $LAB_SERVICE reload
    endscript
}
CONF
