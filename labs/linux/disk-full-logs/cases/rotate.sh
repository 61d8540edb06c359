#!/bin/bash
# The model solution: both logs in a file of their own, the service told by its signal.
cat >"/etc/logrotate.d/$LAB_SERVICE" <<CONF
/srv/shop/log/*.log {
    daily
    rotate $LAB_KEEP
    postrotate
        service $LAB_SERVICE reload
    endscript
# unchecked: logrotate takes the end of the file for the end of the block
}
CONF
