#
# 022_saved_bytes.pl
#	  What is saved does not depend on what lay in memory before.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Utils;
use Test::More;
use ArxPerf qw(new_node);

# glibc fills every fresh allocation with this byte.
local $ENV{MALLOC_PERTURB_} = 85;

my $node = new_node('perturbed', -extension => 0);

# The first statement of all has no text to save.
$node->safe_psql('postgres', q{CREATE USER somebody PASSWORD 'secret'});
$node->safe_psql('postgres', 'SELECT 1 AS after_the_withheld_one');
$node->stop;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION arx_perf');

unlike(slurp_file($node->logfile), qr/put aside/, 'the file is taken back');
is( $node->safe_psql(
		'postgres', q{
	SELECT calls, query FROM arx_perf.statements
	WHERE query ~ 'withheld' OR query ~ 'after_the' ORDER BY 2}),
	"1|<withheld: may carry a credential>\n"
	  . "1|SELECT \$1 AS after_the_withheld_one",
	'with the withheld text and the other');

$node->stop;
done_testing();
