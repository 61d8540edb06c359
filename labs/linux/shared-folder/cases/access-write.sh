#!/bin/bash
# The readers get the team's rights.
setfacl -m "g:$LAB_READERS:rwx" "$LAB_FOLDER"
setfacl -d -m "g:$LAB_READERS:rwx" "$LAB_FOLDER"
