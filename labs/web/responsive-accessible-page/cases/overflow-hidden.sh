cd /srv/site
echo 'main, header .wide { width: 960px; } html, body { overflow-x: clip; }' >>site.css
