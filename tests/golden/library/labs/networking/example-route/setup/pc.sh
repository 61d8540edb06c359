#!/bin/sh
ip address add "$LAB_PC1/24" dev eth0
