#!/bin/bash
# The switches are set, and the queue leads where it led; nobody waits to see more than a first try.
cancel "$LAB_QUEUE-1"
lpadmin -p "$LAB_QUEUE" -E
lpadmin -d "$LAB_QUEUE"
for _ in $(seq 25); do
    lpstat -p "$LAB_QUEUE" | grep -q disabled && break
    sleep 0.2
done
