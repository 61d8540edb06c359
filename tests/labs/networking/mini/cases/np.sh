ip addr add "$LAB_R1/24" dev eth0
