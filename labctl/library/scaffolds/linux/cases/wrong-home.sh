#!/bin/sh
# useradd makes no home directory unless it is asked to.
set -eu
useradd --no-create-home --shell /bin/bash "$LAB_COLLEAGUE"
