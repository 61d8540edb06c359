#!/bin/bash
# The logs are moved away and made anew; nobody tells the service.
cat >"/etc/logrotate.d/$LAB_SERVICE" <<CONF
/srv/shop/log/*.log {
    daily
    rotate $LAB_KEEP
    compress
    delaycompress
    create 0640 root adm
}
CONF
