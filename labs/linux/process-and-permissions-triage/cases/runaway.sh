#!/bin/bash
# The model solution: what init starts anew is taken out of its table; init then ends it.
sed -i "/$LAB_PILOT/d" /etc/inittab
telinit q
