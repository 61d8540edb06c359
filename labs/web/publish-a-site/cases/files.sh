#!/bin/bash
# The model solution: the files, the editor's, readable by all and writable by the editor alone.
set -e
cp -r "/home/$LAB_EDITOR/upload" "$LAB_ROOT"
chown -R "$LAB_EDITOR:$LAB_EDITOR" "$LAB_ROOT"
chmod -R u=rwX,go=rX "$LAB_ROOT"
