#!/bin/bash
# Mended with ip alone: right until the PC is switched off.
ip route replace default via $LAB_GATEWAY
