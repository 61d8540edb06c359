#!/bin/sh
# wrong-mask
exit 0
