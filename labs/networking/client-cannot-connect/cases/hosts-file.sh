#!/bin/bash
# The name is pinned on the PC; its name server is as wrong as before.
echo "$LAB_SRV $LAB_INTRANET intranet" >>/etc/hosts
