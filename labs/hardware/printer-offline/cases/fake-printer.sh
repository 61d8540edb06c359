#!/bin/bash
# A fake: a printer of one's own on the PC, which takes everything and prints nothing.
setsid nohup nc -lk 127.0.0.1 9100 </dev/null >/root/paper 2>&1 &
lpadmin -p "$LAB_QUEUE" -E -v socket://127.0.0.1:9100
lpadmin -d "$LAB_QUEUE"
