#!/bin/bash
# Another right way: encrypted, both switches by one option, and the default among the options that
# count for everybody.
cancel "$(lpstat -u "${LAB_STAFF%% *}" | cut -d ' ' -f 1)"
lpadmin -p "$LAB_QUEUE" -E -v "ipps://$LAB_PRINTER:631/ipp/print"
echo "Default $LAB_QUEUE" >/etc/cups/lpoptions
printf 'Part:%s\r\nLevel: %s %%\r\n' "$LAB_WANTED_PART" "$LAB_LEVEL" >/srv/service/order.txt
