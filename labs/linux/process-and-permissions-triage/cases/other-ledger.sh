#!/bin/bash
# Another right way: a list of access for the configuration, the folder by way of its group.
setfacl -m "u:$LAB_LEDGER:r" "/etc/$LAB_LEDGER.conf"
chgrp -R "$LAB_LEDGER" "/var/lib/$LAB_LEDGER"
chmod 0770 "/var/lib/$LAB_LEDGER"
chmod 0660 "/var/lib/$LAB_LEDGER/entries"
/etc/init.d/"$LAB_LEDGER" restart
