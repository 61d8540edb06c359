# A unit of systemd's instead of a line in /etc/fstab.
mount -o remount,rw /
echo "root:$LAB_PASSWORD" | chpasswd
sed -i "\\|/srv/$LAB_FOLDER|d" /etc/fstab
cat > "/etc/systemd/system/srv-$LAB_FOLDER.mount" <<UNIT
[Mount]
What=/dev/disk/by-label/$LAB_LABEL
Where=/srv/$LAB_FOLDER
Type=ext4

[Install]
WantedBy=local-fs.target
UNIT
mkdir -p /etc/systemd/system/local-fs.target.wants
ln -sf "/etc/systemd/system/srv-$LAB_FOLDER.mount" /etc/systemd/system/local-fs.target.wants/
sync
