#!/bin/bash
# The toner that is used up first in most offices.
part=${LAB_WANTED_PART%-*}-K
[ "$part" = "$LAB_WANTED_PART" ] && part=${LAB_WANTED_PART%-*}-Y
printf 'part: %s\nlevel: 10\n' "$part" >/srv/service/order.txt
