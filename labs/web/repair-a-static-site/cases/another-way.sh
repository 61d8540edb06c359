# The files get the names that the pages use, the pages other markup.
cd /srv/site
mv style Style
mv "Style/$LAB_SHEET.css" "Style/${LAB_SHEET^}.css"
ln -s "$LAB_PHOTO.png" "images/${LAB_PHOTO^}.PNG"
sed -i "s#\.PNG\">#.PNG\" alt=\"Our $LAB_PHOTO seen from the street: there is $LAB_SHOWS\">#" index.html
sed -i 's#team.png">#team.png" alt="Our team, all of us in aprons">#' about.html
sed -i "s#line.png\">#line.png\" alt=''>#" contact.html
sed -i 's/id="opening">Opening/id="Openning">Opening/' contact.html
sed -i "s#prices.html#/$LAB_PRICES.html#" about.html
sed -i 's#\.\./site/index.html#./#' contact.html
sed -i 's/center>/div>/' index.html
sed -i -e 's/^<p>What we do:$/<div>What we do:/' -e 's/^<\/p>$/<\/div>/' about.html
sed -i 's#<b><i>\(.*\)</b></i>#<strong>\1</strong>#' "$LAB_PRICES.html"
sed -i 's#<label for="mail">Your e-mail</label> <input type="email" id="e-mail" name="email">#<label>Your e-mail <input type="email" name="email"></label>#' contact.html
