cd /srv/site
sed -i -e 's#^<label for="\([a-z]*\)">\(.*\)</label>$##' -e 's#id="name"#placeholder="Your name"#' \
    -e 's#id="email"#placeholder="Your e-mail"#' -e 's#id="message"#placeholder="Your message"#' index.html
