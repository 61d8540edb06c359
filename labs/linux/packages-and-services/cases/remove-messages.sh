#!/bin/bash
# The package goes with its configuration, and the messages with it.
apt-get -qy purge "$LAB_OLD"
rm -r "/srv/${LAB_OLD:?}"
