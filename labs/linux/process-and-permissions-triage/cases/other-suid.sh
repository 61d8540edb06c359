#!/bin/bash
# Another right way: the mode by number, and the file that nobody knows is removed.
chmod 0755 "$LAB_PROGRAM"
rm "$LAB_SHELL"
