#!/bin/sh
# A fake: the directory has the right name, but there is no account.
set -eu
cp -r /etc/skel "/home/$LAB_COLLEAGUE"
