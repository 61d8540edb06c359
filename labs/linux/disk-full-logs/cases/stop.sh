#!/bin/bash
# What fills the disk is stopped and switched off.
systemctl --quiet disable --now "$LAB_SERVICE"
truncate -s 0 /srv/shop/log/debug.log
