#!/bin/bash
# Another right way: the team by name in the lists, instead of by the owning group.
install -d -o root -g "$LAB_SHARE" -m 2770 "$LAB_FOLDER"
setfacl -m "g:$LAB_SHARE:rwx,d:u::rwx,d:g::---,d:g:$LAB_SHARE:rwx,d:o::---" "$LAB_FOLDER"
