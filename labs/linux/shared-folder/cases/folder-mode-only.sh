#!/bin/bash
# The mode alone: the umask of whoever creates a file decides whether the team can change it.
mkdir "$LAB_FOLDER"
chgrp "$LAB_SHARE" "$LAB_FOLDER"
chmod 2770 "$LAB_FOLDER"
