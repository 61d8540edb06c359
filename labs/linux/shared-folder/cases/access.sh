#!/bin/bash
# The model solution: the readers' rights, now and for what is created later.
setfacl -m "g:$LAB_READERS:rx" "$LAB_FOLDER"
setfacl -d -m "g:$LAB_READERS:rx" "$LAB_FOLDER"
