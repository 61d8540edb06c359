#!/bin/bash
# The model solution: both lose the bit.
chmod u-s "$LAB_PROGRAM"
chmod u-s "$LAB_SHELL"
