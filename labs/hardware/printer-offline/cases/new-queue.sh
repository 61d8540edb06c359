#!/bin/bash
# Another right way: a queue without a driver in the place of the old one, and the list moved over.
lpadmin -p aside -v "ipp://$LAB_PRINTER/ipp/print" 2>/dev/null
cupsaccept aside
lpmove "$LAB_QUEUE-2" aside
lpadmin -x "$LAB_QUEUE"
lpadmin -p "$LAB_QUEUE" -E -v "http://$LAB_PRINTER:631/ipp/print" 2>/dev/null
cupsenable aside
lpadmin -d "$LAB_QUEUE"
