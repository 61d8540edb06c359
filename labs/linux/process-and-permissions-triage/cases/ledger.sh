#!/bin/bash
# The model solution: the account's group may read the configuration, the folder is the account's.
chgrp "$LAB_LEDGER" "/etc/$LAB_LEDGER.conf"
chmod 0640 "/etc/$LAB_LEDGER.conf"
chown -R "$LAB_LEDGER:$LAB_LEDGER" "/var/lib/$LAB_LEDGER"
service "$LAB_LEDGER" start
