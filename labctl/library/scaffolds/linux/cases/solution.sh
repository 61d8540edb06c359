#!/bin/sh
# The model solution.
set -eu
useradd --create-home --shell /bin/bash "$LAB_COLLEAGUE"
