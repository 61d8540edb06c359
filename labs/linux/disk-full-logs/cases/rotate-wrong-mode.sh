#!/bin/bash
# A good file that everybody may change: logrotate does not trust it.
cat >"/etc/logrotate.d/$LAB_SERVICE" <<CONF
/srv/shop/log/*.log {
    daily
    rotate $LAB_KEEP
    compress
    create 0640 root adm
    sharedscripts
    postrotate
        service $LAB_SERVICE reload
    endscript
}
CONF
chmod 0666 "/etc/logrotate.d/$LAB_SERVICE"
