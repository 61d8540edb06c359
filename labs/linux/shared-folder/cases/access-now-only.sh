#!/bin/bash
# The readers may read the folder as it is now; what is created later, they may not.
setfacl -m "g:$LAB_READERS:rx" "$LAB_FOLDER"
