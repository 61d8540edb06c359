ln -s /nowhere /srv/saved
