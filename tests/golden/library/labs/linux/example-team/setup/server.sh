#!/bin/sh
for user in $LAB_TEAM; do echo "$user" "$LAB_SECRET" "$LAB_PORT"; done
