#!/bin/bash
# The model solution: the folder, its mode, and what is created in it.
mkdir "$LAB_FOLDER"
chgrp "$LAB_SHARE" "$LAB_FOLDER"
chmod 2770 "$LAB_FOLDER"
# unchecked: the default list that the readers get later repeats these entries
setfacl -d -m u::rwx,g::rwx,o::--- "$LAB_FOLDER"
