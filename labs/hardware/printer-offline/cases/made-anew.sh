#!/bin/bash
# The queue is deleted and made anew: what waited in it is lost.
lpadmin -x "$LAB_QUEUE"
lpadmin -p "$LAB_QUEUE" -E -v "ipp://$LAB_PRINTER/ipp/print" -m everywhere
lpadmin -d "$LAB_QUEUE"
