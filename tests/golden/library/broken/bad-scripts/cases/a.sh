#!/bin/sh
# LAB_NOTHING is only spoken of here
LAB_OWN=1
echo "$LAB_OWN" "${LAB_PROT}"
