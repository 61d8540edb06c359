#!/bin/bash
# The service runs as root, who may read everything.
echo RUN_AS=root >>"/etc/default/$LAB_LEDGER"
service "$LAB_LEDGER" start
