#!/bin/bash
# The service starts at the next boot, and does not run.
apt-mark unhold "$LAB_FONTS"
apt-get -qy install "$LAB_BOARD"
systemctl enable "$LAB_BOARD"
