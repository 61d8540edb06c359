#!/bin/bash
# The model solution: one hold lifted, the service installed, started, and enabled.
apt-mark unhold "$LAB_FONTS"
apt-get -qy install "$LAB_BOARD"
systemctl enable --now "$LAB_BOARD"
