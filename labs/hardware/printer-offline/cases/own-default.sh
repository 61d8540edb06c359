#!/bin/bash
# The default is set for root alone.
cancel "$LAB_QUEUE-1"
lpadmin -p "$LAB_QUEUE" -E -v "ipp://$LAB_PRINTER/ipp/print"
lpoptions -d "$LAB_QUEUE" >/dev/null
