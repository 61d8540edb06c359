#!/bin/bash
# Right in another way: the node is taken out by its maintenance file, gets the release only after
# Python has loaded it beside the old one, and is put back.
cat >/usr/local/sbin/deploy <<SCRIPT
#!/bin/bash
set -eu
for node in app1 app2; do
    ssh \$node 'rm -rf /srv/webapp.new && mkdir /srv/webapp.new'
    scp -q -r /srv/releases/\$1/. \$node:/srv/webapp.new/
    ssh \$node 'cd /srv/webapp.new && runuser -u webapp -- python3 -B -c "import app"'
done
for node in app1 app2; do
    ssh \$node 'touch /srv/webapp/maintenance; sleep 2.5; rsync -r --delete --exclude maintenance /srv/webapp.new/ /srv/webapp/
        service webapp restart; rm /srv/webapp/maintenance; sleep 2.5' >/dev/null
done
SCRIPT
chmod 755 /usr/local/sbin/deploy
