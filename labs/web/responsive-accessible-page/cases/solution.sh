# unchecked "data:,": other browsers ask for an icon of their own accord, this one does not
# unchecked "::before": how it looks is for a person to judge, here and in the lines named below
# unchecked "html {": looks
# unchecked "body {": looks
# unchecked ".wide": looks
# unchecked ".skip {": a link that is always seen does as well
# unchecked ":focus-visible {": the browser's own ring does as well
# unchecked "h1 {": looks
# unchecked "h2 {": looks
# unchecked "nav ul {": looks
# unchecked "main {": looks
# unchecked "section {": looks
# unchecked "table {": looks
# unchecked "th, td {": looks
# unchecked "th:last-child": looks
# unchecked "form {": looks
# unchecked "label {": looks
# unchecked "input, textarea {": looks
# unchecked "button {": looks
# unchecked "footer {": looks
# unchecked "@media": looks
# unchecked ".front, #contact": looks
# unchecked "decisions.md": a person reads it
# unchecked "charset": this browser guesses it right; others need to be told
# unchecked "<head>": a tag that HTML lets anybody leave out, as those in the lines named below
# unchecked "</head>": may be left out
# unchecked "<body>": may be left out
# unchecked "</body>": may be left out
# unchecked "</html>": may be left out
# unchecked "<tbody>": may be left out
# unchecked "</tbody>": may be left out
cd /srv/site
services=($LAB_SERVICES)
prices=($LAB_PRICES)
cat >index.html <<PAGE
<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$LAB_NAME: services, opening times, contact</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="site.css">
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<div class="wide">
<h1>$LAB_NAME</h1>
<nav aria-label="Parts of this page">
<ul>
<li><a href="#services">Services</a></li>
<li><a href="#opening">Opening times</a></li>
<li><a href="#contact">Contact</a></li>
</ul>
</nav>
</div>
</header>
<main id="content" class="wide">
<img class="front" src="photo/shop-medium.png" width="640" height="320"
 alt="Our shop front, with two benches under the windows">
<section id="services">
<h2>Services</h2>
<table>
<thead><tr><th scope="col">Service</th><th scope="col">Price</th></tr></thead>
<tbody>
<tr><td>${services[0]}</td><td>£${prices[0]}</td></tr>
<tr><td>${services[1]}</td><td>£${prices[1]}</td></tr>
<tr><td>${services[2]}</td><td>£${prices[2]}</td></tr>
<tr><td>${services[3]}</td><td>£${prices[3]}</td></tr>
</tbody>
</table>
</section>
<section id="opening">
<h2>Opening times</h2>
<p>We are there from $LAB_OPENS to $LAB_CLOSES.</p>
<p>Closed on $LAB_CLOSED and Sunday.</p>
</section>
<section id="contact">
<h2>Contact</h2>
<p>Call <a href="$LAB_DIAL">$LAB_PHONE</a>, or write to us:</p>
<form action="/enquiry" method="post">
<label for="name">Your name</label>
<input id="name" name="name" autocomplete="name" required>
<label for="email">Your e-mail</label>
<input id="email" name="email" type="email" autocomplete="email" required>
<label for="message">Your message</label>
<textarea id="message" name="message" rows="5" required></textarea>
<button>Send</button>
</form>
</section>
</main>
<footer>
<p class="wide">Registered as $LAB_TOKEN</p>
</footer>
</body>
</html>
PAGE
cat >site.css <<STYLE
*, *::before, *::after { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body { margin: 0; font: 1.0625rem/1.6 "DejaVu Sans", sans-serif; color: #23272b; background: #f6f4ef; }
.wide { max-width: 68rem; margin: 0 auto; padding-inline: 1.25rem; }
.skip { position: absolute; left: -999px; padding: .75rem 1rem; background: #fff; color: #111; }
.skip:focus { left: 1rem; top: 1rem; z-index: 1; }
:focus-visible { outline: 3px solid #b3261e; outline-offset: 3px; }
header { background-color: $LAB_BRAND; color: #fff; padding: 1.25rem 0; }
header :focus-visible { outline-color: #fff; }
h1 { margin: 0; font-size: clamp(1.75rem, 5vw, 2.75rem); line-height: 1.2; }
h2 { margin: 0 0 .75rem; font-size: 1.5rem; color: $LAB_BRAND; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: .75rem 0 0; padding: 0; list-style: none; }
nav a { display: inline-block; padding: .4rem 0; color: #fff; }
main { display: grid; gap: 1.5rem; padding-block: 1.5rem; }
.front { width: 100%; height: auto; border-radius: .75rem; }
section { background: #fff; border-radius: .75rem; padding: 1.5rem; box-shadow: 0 1px 4px #0002; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .5rem 0; text-align: left; border-bottom: 1px solid #ddd; }
th:last-child, td:last-child { text-align: right; font-variant-numeric: tabular-nums; }
form { display: grid; gap: .35rem; max-width: 34rem; }
label { margin-top: .5rem; font-weight: bold; }
input, textarea { width: 100%; padding: .6rem; font: inherit; border: 1px solid #767676; border-radius: .4rem; }
button { justify-self: start; margin-top: 1rem; padding: .7rem 1.75rem; font: inherit; color: #fff;
         background: $LAB_BRAND; border: 0; border-radius: .4rem; }
footer { padding: 1rem 0 2rem; }
@media (min-width: 48rem) {
  header .wide { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: center; }
  nav ul { margin: 0; }
  main { grid-template-columns: 1fr 1fr; }
  .front, #contact { grid-column: 1 / -1; } }
STYLE
echo "Labels stand above the fields, since placeholders vanish. The medium photo has a third of the bytes." >decisions.md
