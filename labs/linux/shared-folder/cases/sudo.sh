#!/bin/bash
# The model solution: one user, one program, no password.
rule=/etc/sudoers.d/$LAB_SHARE
echo "$LAB_DEPUTY ALL=(root) NOPASSWD: $LAB_PROGRAM" >"$rule"
chmod 0440 "$rule"
visudo -cf "$rule"  # unchecked: looks for mistakes, changes nothing
