#!/bin/bash
# Another right way: in two steps, by dpkg.
dpkg --remove "$LAB_OLD"
dpkg --purge "$LAB_OLD"
