#!/bin/bash
# The model solution: the service gives back the deleted log, the debug log is emptied.
truncate -s 0 /srv/shop/log/debug.log
service "$LAB_SERVICE" restart
