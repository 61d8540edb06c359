#!/bin/bash
# A fake: the package's files are put in place, so that the service runs. It is not installed.
cd /var/tmp
apt-get download "$LAB_BOARD"
dpkg-deb -x "${LAB_BOARD}_$LAB_NEW_VERSION"_all.deb /
update-rc.d "$LAB_BOARD" defaults
service "$LAB_BOARD" start
