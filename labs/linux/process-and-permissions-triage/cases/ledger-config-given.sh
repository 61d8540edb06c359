#!/bin/bash
# The configuration is given to the account, which could now change it.
chown "$LAB_LEDGER" "/etc/$LAB_LEDGER.conf"
chown -R "$LAB_LEDGER:$LAB_LEDGER" "/var/lib/$LAB_LEDGER"
service "$LAB_LEDGER" start
