#!/bin/bash
# Only the file with the number gets to the nodes.
cat >/usr/local/sbin/deploy <<'SCRIPT'
#!/bin/bash
for node in app1 app2; do
    scp -q "/srv/releases/$1/VERSION" "$node:/srv/webapp/VERSION"
    ssh "$node" service webapp reload
    sleep 2
done
SCRIPT
chmod 755 /usr/local/sbin/deploy
