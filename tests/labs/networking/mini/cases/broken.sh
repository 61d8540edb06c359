rm -f /sbin/init /usr/sbin/init /lib/sysvinit/init
ls -la /sbin/init || true
