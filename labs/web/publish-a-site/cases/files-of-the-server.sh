#!/bin/bash
# The files are given to the web server, as many instructions have it.
cp -r "/home/$LAB_EDITOR/upload" "$LAB_ROOT"
chown -R www-data:www-data "$LAB_ROOT"
chmod -R u=rwX,go=rX "$LAB_ROOT"
