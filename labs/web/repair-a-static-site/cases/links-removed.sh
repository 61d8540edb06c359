sed -i '/>Prices<\/a>/d' /srv/site/about.html
