#!/bin/bash
# Everybody may do everything.
cp -r "/home/$LAB_EDITOR/upload" "$LAB_ROOT"
chown -R "$LAB_EDITOR:$LAB_EDITOR" "$LAB_ROOT"
chmod -R 777 "$LAB_ROOT"
