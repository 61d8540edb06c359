#!/bin/bash
# The file that can be seen is emptied. The one that cannot is still held.
truncate -s 0 /srv/shop/log/debug.log
