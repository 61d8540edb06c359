#!/bin/bash
# Still a program outside of cron's PATH: it works in every login shell.
sed -i 's/\$(date +%F_%H%M%S)/$(stamp)/' "$LAB_PROGRAM"
