echo one > /srv/a
echo two > /srv/b
echo three > /tmp/c
