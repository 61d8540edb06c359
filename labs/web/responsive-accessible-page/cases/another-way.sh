# Roles instead of elements, a grid of another kind, labels round the fields, a photo for each window.
cd /srv/site
set -- $LAB_SERVICES
services="<tr><td>$1<td>£${LAB_PRICES%% *}"
rest=${LAB_PRICES#* }
for service in "$2" "$3" "$4"; do
    services="$services<tr><td>$service<td>£${rest%% *}"
    rest=${rest#* }
done
cat >index.html <<PAGE
<!doctype html>
<html lang=en>
<meta charset=utf-8>
<meta name=viewport content="width=device-width">
<title>$LAB_NAME</title>
<link rel=icon href="data:,">
<style>
body { margin: 0; font: 18px/1.5 "Liberation Serif", serif; background: white; color: black }
.top { background: $LAB_BRAND; color: white; padding: 2em 5% 1em }
.top a { color: white; margin-right: 1em }
a:focus, button:focus { background: black; color: white }
#main { padding: 0 5%; columns: 20em }
#contact { break-inside: avoid }
form label { display: block; margin: 1em 0 }
form input, form textarea { display: block; width: 90%; font-size: 1em; border: 2px solid gray }
form input:focus, form textarea:focus { border-color: $LAB_BRAND; background: #ffc; outline: none }
img { max-width: 100% }
th { text-align: left; padding-right: 2em }
</style>
<body>
<div role=banner class=top>
<a href="/#main">To the main part</a>
<h1>Welcome to $LAB_NAME</h1>
<div role=navigation><ul style="list-style: none; padding: 0; display: flex; flex-wrap: wrap">
<li><a href="/#services">Services</a><li><a href="/#opening">Opening times</a><li><a href="/#contact">Contact</a></ul></div>
</div>
<div role=main id=main>
<picture><source media="(min-width: 600px)" srcset=photo/shop-medium.png><img src=photo/shop-small.png alt="The house seen from the street: two benches before the door"></picture>
<h2 id=services>Services</h2>
<table><tr><th>What<th>How much$services</table>
<h2 id=opening>Opening times</h2>
<ul><li>$LAB_OPENS–$LAB_CLOSES<li>never on Sunday, nor on any $LAB_CLOSED</ul>
<div id=contact><h2>Contact</h2>
<p>Telephone: <a href="$LAB_DIAL">Call $LAB_PHONE now</a>
<form method=post action=enquiry>
<label>Your name <input name=name></label>
<label>Your e-mail <input name=email inputmode=email></label>
<label>Your message <textarea name=message></textarea></label>
<input type=submit value=Send>
</form></div>
</div>
<div role=contentinfo><p style="padding: 0 5%">Registered as $LAB_TOKEN</div>
PAGE
echo "Roles and native fields; two photos, 60 and 20 kB." >decisions.md
