#!/bin/bash
# The model solution: the package goes with its configuration.
apt-get -qy purge "$LAB_OLD"
