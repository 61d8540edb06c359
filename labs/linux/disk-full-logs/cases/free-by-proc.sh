#!/bin/bash
# Another right way: the deleted log is emptied through the process that holds it, which is then told
# to open its logs anew.
pid=$(pgrep -f "$LAB_SERVICE.py")
for file in /proc/"$pid"/fd/*; do
    case $(readlink "$file") in
        "/srv/shop/log/$LAB_SERVICE.log (deleted)" | /srv/shop/log/debug.log) : >"$file" ;;
    esac
done
kill -HUP "$pid"
