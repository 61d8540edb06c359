#!/bin/bash
# Both nodes are stopped, get the release, and are started.
cat >/usr/local/sbin/deploy <<'SCRIPT'
#!/bin/bash
for node in app1 app2; do ssh "$node" service webapp stop; done
for node in app1 app2; do rsync -a --delete "/srv/releases/$1/" "$node:/srv/webapp/"; done
for node in app1 app2; do ssh "$node" service webapp start; done
SCRIPT
chmod 755 /usr/local/sbin/deploy
