#!/bin/bash
# A fake: the rule reads well, but sudo passes over files whose name has a dot.
rule=/etc/sudoers.d/$LAB_SHARE.conf
echo "$LAB_DEPUTY ALL=(root) NOPASSWD: $LAB_PROGRAM" >"$rule"
chmod 0440 "$rule"
visudo -cf "$rule"
