#!/bin/bash
# The mirror: makes the packages, signs their lists, and serves them. Beside the signed lists it has two
# others, each with a package of another maker: unsigned ones, and ones with a stranger's signature. At
# hand-in they are put in the place of the signed ones for a moment.
set -eu
cat >/etc/network/interfaces.d/lan <<CONF
auto eth0
iface eth0 inet static
    address $LAB_MIRROR/$LAB_LAN_PREFIXLEN
CONF
ifup eth0

work=/srv/build
root=/srv/mirror
mkdir -p "$work" "$root/$LAB_COMPANY/pool"

# make NAME VERSION DEPENDS: a package from the tree $work/NAME.
make() {
    local tree=$work/$1
    mkdir -p "$tree/DEBIAN" "$tree/usr/share/doc/$1"
    echo "Made by the $LAB_COMPANY packaging team." >"$tree/usr/share/doc/$1/copyright"
    cat >"$tree/DEBIAN/control" <<CONF
Package: $1
Version: $2
Architecture: all
Maintainer: Packaging Team <packages@$LAB_COMPANY.example>
Installed-Size: 16
Section: misc
Priority: optional
${3:+Depends: $3
}Description: $1 of $LAB_COMPANY
CONF
    (cd "$tree" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
    dpkg-deb --root-owner-group -Zgzip --build "$tree" "$root/$LAB_COMPANY/pool/${1}_${2}_all.deb" >/dev/null
}

# service NAME PORT TEXT: the tree of a package with a service that answers TEXT by HTTP.
service() {
    local tree=$work/$1
    mkdir -p "$tree/usr/bin" "$tree/etc/init.d" "$tree/DEBIAN"
    cat >"$tree/usr/bin/$1" <<CONF
#!/usr/bin/python3
"""Answers every request by HTTP with one line."""

from http.server import BaseHTTPRequestHandler, HTTPServer


class Desk(BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"$3\\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


HTTPServer(("", $2), Desk).serve_forever()
CONF
    cat >"$tree/etc/init.d/$1" <<CONF
#!/bin/sh
### BEGIN INIT INFO
# Provides:          $1
# Required-Start:    \$network \$local_fs
# Required-Stop:     \$network \$local_fs
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: $1 of $LAB_COMPANY
### END INIT INFO
. /lib/lsb/init-functions
DAEMON=/usr/bin/python3
PIDFILE=/run/$1.pid
[ -x /usr/bin/$1 ] || exit 0
start() {
	start-stop-daemon --start --quiet --oknodo --background --make-pidfile --pidfile "\$PIDFILE" \\
		--exec "\$DAEMON" -- /usr/bin/$1
}
stop() {
	start-stop-daemon --stop --quiet --oknodo --retry TERM/5/KILL/2 --pidfile "\$PIDFILE" --remove-pidfile
}
case "\$1" in
start) start ;;
stop) stop ;;
restart|force-reload) stop; start ;;
status) status_of_proc -p "\$PIDFILE" "\$DAEMON" $1 ;;
*) echo "Usage: \$0 {start|stop|restart|force-reload|status}" >&2; exit 3 ;;
esac
CONF
    cat >"$tree/DEBIAN/postinst" <<CONF
#!/bin/sh
set -e
if [ "\$1" = configure ] && [ -z "\$2" ]; then
	update-rc.d $1 defaults-disabled
fi
CONF
    cat >"$tree/DEBIAN/prerm" <<CONF
#!/bin/sh
set -e
if [ -x /etc/init.d/$1 ]; then
	invoke-rc.d $1 stop
fi
CONF
    cat >"$tree/DEBIAN/postrm" <<CONF
#!/bin/sh
set -e
if [ "\$1" = purge ]; then
	update-rc.d $1 remove
fi
CONF
    echo "/etc/init.d/$1" >"$tree/DEBIAN/conffiles"
    chmod 0755 "$tree/usr/bin/$1" "$tree/etc/init.d/$1" "$tree"/DEBIAN/p*
}

for version in "$LAB_FONTS_OLD" "$LAB_FONTS_NEW"; do
    mkdir -p "$work/$LAB_FONTS/usr/share/fonts/$LAB_COMPANY"
    echo "$LAB_FONTS $version" >"$work/$LAB_FONTS/usr/share/fonts/$LAB_COMPANY/sans.txt"
    make "$LAB_FONTS" "$version" ''
done
for version in 1.4-1 2.0-1; do
    mkdir -p "$work/$LAB_DRIVER/usr/lib/$LAB_COMPANY"
    echo "$LAB_DRIVER $version" >"$work/$LAB_DRIVER/usr/lib/$LAB_COMPANY/driver.txt"
    make "$LAB_DRIVER" "$version" ''
done
service "$LAB_BOARD" "$LAB_PORT" "$LAB_BOARD $LAB_NEW_VERSION"
make "$LAB_BOARD" "$LAB_NEW_VERSION" "python3, $LAB_FONTS (>= $LAB_FONTS_NEW)"
service "$LAB_OLD" "$LAB_OLD_PORT" "$LAB_OLD is listening"
echo "# What $LAB_OLD listens on: $LAB_OLD_PORT" >"$work/$LAB_OLD/etc/$LAB_OLD.conf"
echo "/etc/$LAB_OLD.conf" >>"$work/$LAB_OLD/DEBIAN/conffiles"
make "$LAB_OLD" 0.9-3 python3

# The lists, by hand what an archive's tools do.
archive=$root/$LAB_COMPANY
lists=$archive/dists/stable/main/binary-amd64
architecture=$(dpkg --print-architecture)
[ "$architecture" = amd64 ] || lists=$archive/dists/stable/main/binary-$architecture
mkdir -p "$lists"
release() { # folder: its Release file
    apt-ftparchive -o APT::FTPArchive::Release::Origin="$LAB_COMPANY" \
        -o APT::FTPArchive::Release::Suite=stable -o APT::FTPArchive::Release::Codename=stable \
        -o APT::FTPArchive::Release::Components=main \
        -o APT::FTPArchive::Release::Architectures="$architecture" release "$1"
}
(cd "$archive" && apt-ftparchive packages pool) >"$lists/Packages"
gzip -9 --keep "$lists/Packages"
release "$archive/dists/stable" >"$work/Release"
mv "$work/Release" "$archive/dists/stable/Release"

export GNUPGHOME=/root/signing
mkdir -m 0700 "$GNUPGHOME"
gpg --quiet --batch --passphrase '' --quick-generate-key "$LAB_COMPANY packages" ed25519 sign never
gpg --quiet --batch --clearsign --output "$archive/dists/stable/InRelease" "$archive/dists/stable/Release"
gpg --quiet --batch --armor --detach-sign --output "$archive/dists/stable/Release.gpg" "$archive/dists/stable/Release"
gpgconf --kill gpg-agent

# The others: the same, and a package that nobody has.
for kind in unsigned stranger; do
    cp -r "$archive/dists" "$archive/$kind"
    forged=$archive/$kind/stable
    rm "$forged/InRelease" "$forged/Release.gpg" "$forged/Release" "$forged"/main/*/Packages.gz
    sed "0,/^Package: .*/s//Package: $LAB_COMPANY-$kind/" "$lists/Packages" \
        >>"$forged/main/binary-$architecture/Packages"
    gzip -9 --keep "$forged/main/binary-$architecture/Packages"
    release "$forged" >"$work/Release"
    mv "$work/Release" "$forged/Release"
done
export GNUPGHOME=/root/stranger
mkdir -m 0700 "$GNUPGHOME"
gpg --quiet --batch --passphrase '' --quick-generate-key stranger ed25519 sign never
gpg --quiet --batch --clearsign --output "$forged/InRelease" "$forged/Release"
gpgconf --kill gpg-agent
export GNUPGHOME=/root/signing

mv "$archive/dists" "$archive/signed"
ln -s signed "$archive/dists"

cat >/etc/nginx/sites-available/default <<CONF
server {
	listen 8080;
	root $root;
	autoindex off;
}
CONF
systemctl --quiet enable --now nginx
# Last, for the server waits for it.
gpg --batch --export --output "$root/$LAB_COMPANY.gpg"
