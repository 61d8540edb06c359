#!/bin/sh
# The shell is left to useradd, which gives /bin/sh.
set -eu
useradd --create-home --shell /bin/sh "$LAB_COLLEAGUE"
