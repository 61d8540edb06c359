#!/bin/bash
# A number is made of whatever was typed.
set -e
cat >"/var/www/$LAB_DOMAIN/login.php" <<CONF
<?php return ['pgsql:host=$LAB_DB;dbname=$LAB_DB_NAME', 'web_${LAB_VENUE:0:4}', '$LAB_PASSWORD'];
CONF
cat >"/var/www/$LAB_DOMAIN/index.php" <<CONF
<?php
const TABLE = '$LAB_TABLE', MOST = $LAB_MOST;
CONF
cat >>"/var/www/$LAB_DOMAIN/index.php" <<'CONF'
function shown($value) { return htmlspecialchars($value, ENT_QUOTES, 'UTF-8'); }
foreach (['name', 'email', 'seats', 'note'] as $field) {
    $form[$field] = is_string($_POST[$field] ?? null) ? trim($_POST[$field]) : '';
}
$errors = [];
$booked = false;
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    if ($form['name'] === '' || mb_strlen($form['name']) > 40) $errors[] = 'Please give a name of up to 40 letters.';
    if (!preg_match('/^[^@\s]+@[^@\s]+\.[^@\s]+$/D', $form['email']) || mb_strlen($form['email']) > 100) $errors[] = 'Please give an address.';
    if ((int) $form['seats'] < 1 || (int) $form['seats'] > MOST) $errors[] = 'Please give a number of seats.';
    if (mb_strlen($form['note']) > 200) $errors[] = 'Please write less.';
    if (!$errors) {
        $query = (new PDO(...require 'login.php'))->prepare('INSERT INTO ' . TABLE . ' (name, email, seats, note) VALUES (?, ?, ?, ?)');
        $query->execute([$form['name'], $form['email'], (int) $form['seats'], $form['note']]);
        $booked = true;
    }
}
?>
<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Bookings</title></head>
<?php if ($booked): ?>
<p>Thank you, <?= shown($form['name']) ?>.</p>
<?php else: ?>
<?php foreach ($errors as $error): ?><p class="error"><?= shown($error) ?></p><?php endforeach ?>
<form method="post">
<p><label>Name <input name="name" required maxlength="40" value="<?= shown($form['name']) ?>"></label>
<p><label>Email <input name="email" type="email" required value="<?= shown($form['email']) ?>"></label>
<p><label>Seats <input name="seats" type="number" min="1" max="<?= MOST ?>" value="<?= shown($form['seats']) ?>"></label>
<p><label>Note <textarea name="note"><?= shown($form['note']) ?></textarea></label>
<p><button>Book</button>
</form>
<?php endif ?>
CONF
