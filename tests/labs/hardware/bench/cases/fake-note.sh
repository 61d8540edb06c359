echo plugged > /root/plug
