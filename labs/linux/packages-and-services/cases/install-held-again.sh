#!/bin/bash
# The hold is lifted for the upgrade, and put back as it was.
apt-mark unhold "$LAB_FONTS"
apt-get -qy install "$LAB_BOARD"
apt-mark hold "$LAB_FONTS"
systemctl enable --now "$LAB_BOARD"
