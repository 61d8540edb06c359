sed -i 's#<label for="e-mail">Your e-mail</label>#<label for="mail">Your e-mail</label>#; s#name="email"#name="email" placeholder="Your e-mail"#' /srv/site/contact.html
