printf 'serial: %s\ncritical_warning: 0\n' "$LAB_GOOD" > /root/diagnosis.txt
