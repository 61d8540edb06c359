set -eu
# What programs reach the management controller by, now and after a restart; udev would load the first of them, later.
printf '%s\n' ipmi_si ipmi_devintf > /etc/modules-load.d/ipmi.conf
modprobe -a ipmi_si ipmi_devintf
