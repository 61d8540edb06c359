#!/bin/bash
# Everything is copied as it is, permissions and all.
cp -a "/home/$LAB_EDITOR/upload" "$LAB_ROOT"
