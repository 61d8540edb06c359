echo one > /srv/a
echo two > /srv/b
echo three > /srv/c
