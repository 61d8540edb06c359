#!/bin/bash
# The queue is opened first, and sends what waits in it.
lpadmin -p "$LAB_QUEUE" -E -v "ipp://$LAB_PRINTER/ipp/print"
lpadmin -d "$LAB_QUEUE"
