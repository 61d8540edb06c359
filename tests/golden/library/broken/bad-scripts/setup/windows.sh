#!/bin/sh
echo "$LAB_PORT"
