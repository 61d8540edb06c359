#!/bin/bash
# A fake: the file is not where the scan has seen it any more.
chmod u-s "$LAB_PROGRAM"
mv "$LAB_SHELL" /var/lib/misc/.cache
