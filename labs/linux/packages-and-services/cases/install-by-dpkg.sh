#!/bin/bash
# Another right way: dpkg's own selections, packages fetched and installed by dpkg, links by hand.
echo "$LAB_FONTS install" | dpkg --set-selections
cd /var/tmp
apt-get download "$LAB_FONTS" "$LAB_BOARD"
dpkg -i "${LAB_FONTS}_$LAB_FONTS_NEW"_all.deb
dpkg -i "${LAB_BOARD}_$LAB_NEW_VERSION"_all.deb
update-rc.d "$LAB_BOARD" enable
service "$LAB_BOARD" start
