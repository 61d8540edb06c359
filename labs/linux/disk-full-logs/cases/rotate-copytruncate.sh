#!/bin/bash
# Another right way: copied and emptied, so that the service need not be told; one file for each log.
for log in "$LAB_SERVICE" debug; do
    cat >"/etc/logrotate.d/shop-$log" <<CONF
/srv/shop/log/$log.log {
    size 1M
    rotate 1
    compress
    copytruncate
}
CONF
done
