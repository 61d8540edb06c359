cd /srv/site
sed -i -e 's#<\(/*\)\(header\|main\|footer\|nav\|table\|thead\|tbody\|tr\)\b#<\1div#g' -e 's#<\(/*\)t[hd]\b#<\1span#g' index.html
sed -i -e 's/^header/.head/' index.html
