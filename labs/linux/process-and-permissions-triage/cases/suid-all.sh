#!/bin/bash
# Every file loses the bit, those that need it among them.
for folder in /usr/bin /usr/sbin /usr/lib /usr/share; do
    find "$folder" -type f -perm -4000 -exec chmod u-s {} +
done
