cd /srv/site
sed -i "s#alt=\"[^\"]*\"#alt=\"$LAB_PHOTO.png\"#" index.html
sed -i 's#alt="[^"]*"#alt="IMG_0231.png"#' about.html
sed -i 's#alt=""#alt="line.png"#' contact.html
