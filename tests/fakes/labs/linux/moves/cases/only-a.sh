echo one > /srv/a
