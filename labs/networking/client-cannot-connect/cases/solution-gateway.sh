#!/bin/bash
ifdown eth0
sed -i "s,gateway .*,gateway $LAB_GATEWAY," /etc/network/interfaces.d/office
ifup eth0
