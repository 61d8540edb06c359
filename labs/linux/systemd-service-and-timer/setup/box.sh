# The two programs, and the folder that the loads are to go into.
mkdir -p "/opt/$LAB_APP/bin" "/var/lib/$LAB_APP"
cat > "/opt/$LAB_APP/bin/$LAB_APP" <<PERL
#!/usr/bin/perl
# $LAB_APP FOLDER: writes down what the weighbridge measures, a line every two seconds.
use strict;
use warnings;
my (\$folder) = @ARGV;
die "usage: $LAB_APP FOLDER\n" unless defined \$folder;
my \$number = 0;
while (1) {
    open(my \$file, '>>', "\$folder/loads.csv") or die "$LAB_APP: \$folder/loads.csv: \$!\n";
    printf {\$file} "%d,$LAB_KEY-%d,%d\n", time, ++\$number, 18000 + int rand 22000;
    close \$file;
    sleep 2;
}
PERL
cat > "/opt/$LAB_APP/bin/$LAB_APP-report" <<PERL
#!/usr/bin/perl
# $LAB_APP-report FOLDER: writes the report of the day, with the number of loads so far.
use strict;
use warnings;
my (\$folder) = @ARGV;
die "usage: $LAB_APP-report FOLDER\n" unless defined \$folder;
my (undef, undef, undef, \$day, \$month, \$year) = localtime;
my \$date = sprintf '%04d-%02d-%02d', \$year + 1900, \$month + 1, \$day;
open(my \$loads, '<', "\$folder/loads.csv") or die "$LAB_APP-report: \$folder/loads.csv: \$!\n";
my \$count = () = <\$loads>;
mkdir "\$folder/reports";
open(my \$report, '>', "\$folder/reports/\$date.txt")
    or die "$LAB_APP-report: \$folder/reports/\$date.txt: \$!\n";
print {\$report} "$LAB_APP, report of \$date\nloads: \$count\nreference: $LAB_KEY\n";
close \$report or die "$LAB_APP-report: \$!\n";
PERL
chmod 0755 "/opt/$LAB_APP/bin/"*
