cd /srv/site
sed -i "s#Style/${LAB_SHEET^}.css#style/$LAB_SHEET.css#" *.html
sed -i "s#<img src=\"images/${LAB_PHOTO^}.PNG\">#<img src=\"images/$LAB_PHOTO.png\" alt=\"A view of our $LAB_PHOTO, with $LAB_SHOWS\">#" index.html
sed -i 's#<img src="images/team.png">#<img src="images/team.png" alt="The whole team in aprons">#' about.html
sed -i 's#<img src="images/line.png">#<img src="images/line.png" alt="">#' contact.html

sed -i 's/#Openning/#opening/' index.html
sed -i "s/prices.html/$LAB_PRICES.html/" about.html
sed -i 's#\.\./site/index.html#index.html#' contact.html

sed -i '/<\/*center>/d' index.html
sed -i -e 's/^<p>What we do:$/<p>What we do:<\/p>/' -e '/^<\/p>$/d' about.html
sed -i 's#</b></i>#</i></b>#' "$LAB_PRICES.html"
sed -i 's/<h2 id="opening">Write/<h2>Write/' contact.html
sed -i 's/for="mail"/for="e-mail"/' contact.html
