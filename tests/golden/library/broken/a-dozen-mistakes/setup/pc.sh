#!/bin/sh
ip address add "$LAB_PC2" dev eth0
