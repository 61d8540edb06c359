#!/bin/bash
# A fake: a good file, whose name tells logrotate to pass over it.
cat >"/etc/logrotate.d/$LAB_SERVICE.disabled" <<CONF
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
