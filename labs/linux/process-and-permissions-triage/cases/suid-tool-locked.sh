#!/bin/bash
# The program is locked away: nobody but root can use it.
chmod 0700 "$LAB_PROGRAM"
chmod u-s "$LAB_SHELL"
