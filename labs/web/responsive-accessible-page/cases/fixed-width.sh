cd /srv/site
echo 'main, header .wide { width: 960px; }' >>site.css
