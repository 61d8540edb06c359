#!/bin/bash
# The switches are set, and the queue leads where it led.
cancel "$LAB_QUEUE-1"
lpadmin -p "$LAB_QUEUE" -E -o printer-error-policy=retry-job
lpadmin -d "$LAB_QUEUE"
