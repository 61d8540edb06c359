#!/bin/bash
# Everybody may do everything: the service does start.
chmod 0666 "/etc/$LAB_LEDGER.conf"
chmod 0777 "/var/lib/$LAB_LEDGER"
chmod 0666 "/var/lib/$LAB_LEDGER/entries"
service "$LAB_LEDGER" start
