#!/bin/bash
# The model solution: the job that is not wanted goes first, then the queue is set right and opened.
cancel "$LAB_QUEUE-1"
lpadmin -p "$LAB_QUEUE" -v "ipp://$LAB_PRINTER/ipp/print"
cupsaccept "$LAB_QUEUE"
cupsenable "$LAB_QUEUE"
lpadmin -d "$LAB_QUEUE"
printf 'part: %s\nlevel: %s\n' "$LAB_WANTED_PART" "$LAB_LEVEL" >/srv/service/order.txt
# unchecked: the note is for a person to judge
printf '%s\n' 'Reported: nothing that is sent from desk comes out of the printer on the first floor.' \
    "Found, by lpstat -t: the queue $LAB_QUEUE stopped, and leading elsewhere than the printer's panel says." \
    'Changed: where it leads; it is open and the default; the price list was taken out of it.' \
    "Next: order the toner $LAB_WANTED_PART, of which $LAB_LEVEL percent are left." >/srv/service/handover.md
