cd /srv/site
sed -i "s#Style/${LAB_SHEET^}.css#style/$LAB_SHEET.css#" index.html
sed -i "s#<img src=\"images/${LAB_PHOTO^}.PNG\">#<img src=\"images/$LAB_PHOTO.png\" alt=\"A view of our $LAB_PHOTO, with $LAB_SHOWS\">#" index.html
sed -i 's/#Openning/#opening/' index.html
sed -i '/<\/*center>/d' index.html
