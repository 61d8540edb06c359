#!/bin/bash
# The service is started, and nothing starts it at boot.
apt-mark unhold "$LAB_FONTS"
apt-get -qy install "$LAB_BOARD"
service "$LAB_BOARD" start
