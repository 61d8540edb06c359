ip addr add "$LAB_PC1/24" dev eth0
printf "auto eth0\niface eth0 inet static\n  address %s/24\n" "$LAB_PC1" > /etc/network/interfaces.d/eth0
