# Whatever is asked for, the start page is the answer.
sed -i 's#access_log#error_page 404 =200 /index.html;\n    access_log#' "/etc/nginx/sites-available/$LAB_DOMAIN"
service nginx reload
