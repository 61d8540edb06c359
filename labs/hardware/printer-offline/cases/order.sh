#!/bin/bash
# The order alone, for cases that are about something else.
printf 'part: %s\nlevel: %s\n' "$LAB_WANTED_PART" "$LAB_LEVEL" >/srv/service/order.txt
