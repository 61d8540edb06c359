echo two > /srv/b
