#!/bin/bash
# The set-group-id bit is missing: new files belong to whoever makes them.
mkdir "$LAB_FOLDER"
chgrp "$LAB_SHARE" "$LAB_FOLDER"
chmod 0770 "$LAB_FOLDER"
setfacl -d -m u::rwx,g::rwx,o::--- "$LAB_FOLDER"
