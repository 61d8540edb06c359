#!/bin/bash
# The package goes, its configuration stays.
apt-get -qy remove "$LAB_OLD"
