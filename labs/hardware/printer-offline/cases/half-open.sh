#!/bin/bash
# The queue sends again, and still takes no jobs.
cancel "$LAB_QUEUE-1"
lpadmin -p "$LAB_QUEUE" -v "ipp://$LAB_PRINTER/ipp/print"
cupsenable "$LAB_QUEUE"
lpadmin -d "$LAB_QUEUE"
