#!/bin/sh
# The mask is left out, so the address stands alone on its link (/32).
set -eu
ip address add "$LAB_ADDRESS" dev eth0
