#!/bin/bash
# Every hold is lifted and everything upgraded, the driver among it.
apt-mark unhold $(apt-mark showhold)
apt-get -qy dist-upgrade
apt-get -qy install "$LAB_BOARD"
systemctl enable --now "$LAB_BOARD"
