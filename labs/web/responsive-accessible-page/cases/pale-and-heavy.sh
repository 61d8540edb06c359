cd /srv/site
sed -i 's/shop-medium.png/shop-large.png/' index.html
sed -i '1i @import url("http://fonts.example/display.css");' site.css
echo 'section p, td { color: #b5b5b5; }' >>site.css
