cd /srv/site
echo '*:focus, *:focus-visible { outline: none; }' >>site.css
