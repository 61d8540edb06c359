#!/bin/bash
# Whatever lies in the folder is counted, and removed.
sed -i "s|^ls -r [^ ]*|cd $LAB_STORE; ls -t|" "$LAB_PROGRAM"
