#!/bin/bash
sed -i "s,^nameserver .*,nameserver $LAB_SRV," /etc/resolv.conf
