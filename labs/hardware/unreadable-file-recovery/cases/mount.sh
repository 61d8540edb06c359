# The copy has the UUID that /etc/fstab names, and the old disk is gone.
udevadm settle
mount "$LAB_PLACE"
