#!/bin/bash
# Every program of the folder is allowed, also those that are for root alone.
rule=/etc/sudoers.d/$LAB_SHARE
echo "$LAB_DEPUTY ALL=(root) NOPASSWD: /usr/local/sbin/*" >"$rule"
chmod 0440 "$rule"
