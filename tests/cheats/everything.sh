# All that a candidate with root may try at once on r1 (see tests/integration/test_cheats.py).
set -e

# A stage set: a tree in which everything is as it should be.
mkdir -p /stage/etc /stage/srv
echo 'auditor:x:4242:4242::/home/auditor:/bin/bash' > /stage/etc/passwd
echo 'finished = yes' > /stage/etc/wanted.conf
echo 'finished = yes' > /stage/srv/report

# An address that answers without being on any cable, and others' requests answered here.
ip addr add 10.50.0.1/24 dev lo
ip addr add 10.2.0.77/32 dev lo
nft -f - <<'EOF'
table ip lies {
  chain out {
    type nat hook output priority -100;
    ip daddr 10.2.0.10 dnat to 10.50.0.1
    ip daddr 10.2.0.11 dnat to 10.50.0.1
  }
  chain pre {
    type nat hook prerouting priority -100;
    ip daddr 10.2.0.10 icmp type echo-request dnat to 10.50.0.1
    ip daddr 10.2.0.10 tcp dport 80 dnat to 10.50.0.1:8080
  }
}
EOF

# A listener of the candidate's that calls itself by another's name, and one that is honest.
setsid perl -e '
  $0 = "nginx: master process /usr/sbin/nginx";
  open(my $comm, ">", "/proc/self/comm"); print $comm "nginx"; close($comm);
  use Socket; socket(my $s, PF_INET, SOCK_STREAM, 0); setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
  bind($s, sockaddr_in(8080, INADDR_ANY)); listen($s, 50);
  while (1) { accept(my $c, $s) or next; print $c "HTTP/1.0 200 OK\r\n\r\nfine\n"; close($c) }
' > /dev/null 2>&1 &

# Files that are none, that lead elsewhere, that hold whoever opens them, that change under the eye.
mkdir -p /srv/traps && cd /srv/traps
mkfifo fifo
truncate -s 1G sparse
ln -s loop-b loop-a; ln -s loop-a loop-b
for n in $(seq 45); do ln -s "deep$n" "deep$((n - 1))"; done
ln -s /proc/self/root/stage/srv/report own-root
ln -s /proc/1/root/stage/srv/report first-root
ln -s /proc/1/root/srv/report first-root-now
ln -s /proc/self/fd/0 stdin
ln -s /dev/stdin device-stdin
ln -s /dev/zero zero
ln -s /proc/kmsg kernel-messages
ln -s /proc/1/mem memory
ln -s ../../../../../../../../etc/passwd upwards
printf 'x' > "$(printf 'not-\377\376-utf8')"
printf 'x' > "$(printf 'red\033[31m\033]0;title\007')"
printf 'x' > "$(printf 'two\nlines')"
echo 'finished = no' > leased
echo 'finished = no' > swapped
setsid perl -e '
  use Fcntl; use Socket;
  socket(my $s, PF_UNIX, SOCK_STREAM, 0); bind($s, sockaddr_un("/srv/traps/socket")); listen($s, 1);
  sysopen(my $f, "/srv/traps/leased", O_RDWR); $SIG{IO} = "IGNORE"; fcntl($f, 1024, 1) or die $!;
  open(my $done, ">", "/srv/traps/held"); close($done);
  sleep 1000000;
' > /dev/null 2>&1 &
setsid perl -e '
  mkdir "/srv/next"; my $t = "/srv/next/new"; system("mkfifo", "/srv/next/pipe");
  while (1) {
    open(my $f, ">", $t); print $f "finished = no\n"; close($f); rename($t, "/srv/traps/swapped");
    symlink("/stage/srv/report", $t); rename($t, "/srv/traps/swapped");
    symlink("/proc/self/root/stage/srv/report", $t); rename($t, "/srv/traps/swapped");
    link("/srv/next/pipe", $t); rename($t, "/srv/traps/swapped");
  }
' > /dev/null 2>&1 &
until [ -e held ]; do sleep 0.02; done

# The first process goes and stands in the stage set.
cp /sbin/init /tmp/telinit
cat > /sbin/init.new <<'EOF'
#!/usr/bin/perl
$0 = "init [2]";
chroot("/stage"); chdir("/");
$SIG{CHLD} = "IGNORE";
sleep 1000000 while 1;
EOF
chmod 755 /sbin/init.new && mv /sbin/init.new /sbin/init && /tmp/telinit u
until [ "$(readlink /proc/1/root)" = /stage ]; do sleep 0.02; done

# What people's shells read.
cat >> /root/.bashrc <<'EOF'
ip() { echo '[{"ifname":"eth1","addr_info":[{"local":"10.2.0.99","prefixlen":24}]}]'; }
cat() { echo finished = yes; }
EOF
cp /root/.bashrc /etc/profile.d/lies.sh
echo 'PATH=/stage/bin:$PATH' >> /etc/environment

# Every program replaced by one that says what is wanted.
cp /bin/bash /usr/local/bin/real-sh
cat > /tmp/fake <<'EOF'
#!/usr/local/bin/real-sh
echo "finished = yes; eth1 10.2.0.99/24; LISTEN 0.0.0.0:443; uid=4242(auditor); nginx running"
exit 0
EOF
chmod 755 /tmp/fake
for name in ip ss cat ls id getent ps sysctl hostname ping nft stat md5sum readlink sshd dpkg nc; do
  path=$(command -v $name || echo /usr/sbin/$name)
  cp /tmp/fake "/tmp/$name" && mv -f "/tmp/$name" "$path"
done
cp /tmp/fake /tmp/sh && mv -f /tmp/sh /usr/bin/dash && cp -f /tmp/fake /usr/bin/bash
