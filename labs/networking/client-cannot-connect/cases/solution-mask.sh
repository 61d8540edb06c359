#!/bin/bash
ifdown eth0
sed -i "s,address .*,address $LAB_PC/$LAB_OFFICE_PREFIXLEN," /etc/network/interfaces.d/office
ifup eth0
