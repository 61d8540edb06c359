#!/bin/bash
# Everything is allowed, the program among it.
rule=/etc/sudoers.d/$LAB_SHARE
echo "$LAB_DEPUTY ALL=(ALL) NOPASSWD: ALL" >"$rule"
chmod 0440 "$rule"
