#!/bin/bash
# The model solution: one node after the other, with the old release kept for the way back.
cat >/usr/local/sbin/deploy <<'SCRIPT'
#!/bin/bash
# deploy RELEASE: brings /srv/releases/RELEASE to both nodes, one after the other. A node on which it
# does not work gets its old release back, and the nodes that had it already do so too.
set -u
release=/srv/releases/$1
[ -f "$release/app.py" ] || { echo "deploy: no release in $release" >&2; exit 2; } # unchecked: a guard
port=PORT
done=() # unchecked: bash begins a list by itself

works() { # NODE VERSION
    # unchecked: it waits for a node that is slow, and here none is
    curl -sf --max-time 5 --retry 3 --retry-connrefused --retry-delay 1 "http://$1:$port/health" >/dev/null &&
        [ "$(curl -sf --max-time 5 "http://$1:$port/version")" = "$2 $1" ]
}

back() { # NODE
    ssh "$1" 'rsync -a --delete /srv/webapp.before/ /srv/webapp/ && service webapp restart' >/dev/null
}

for node in app1 app2; do
    ssh "$node" 'rsync -a --delete /srv/webapp/ /srv/webapp.before/'
    rsync -a --delete "$release/" "$node:/srv/webapp/"
    done+=("$node")
    if ! { ssh "$node" service webapp restart >/dev/null 2>&1 && works "$node" "$(<"$release/VERSION")"; }; then
        echo "deploy: $1 does not work on $node; going back" >&2 # unchecked: words for people
        for node in "${done[@]}"; do back "$node"; done
        exit 1
    fi
    sleep 4 # until the balancer takes this node for well again
done
SCRIPT
sed -i "s/PORT/$LAB_PORT/" /usr/local/sbin/deploy
chmod 755 /usr/local/sbin/deploy
