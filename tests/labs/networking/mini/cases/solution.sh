printf "auto eth0\niface eth0 inet static\n  address %s/24\n" "$LAB_R1" > /etc/network/interfaces.d/eth0
ifup eth0
