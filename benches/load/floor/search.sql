\set n random(0, 3999)
@query with prefix (id, term, rank) as materialized (
$1 = (select q from bench.terms where n = :n)
$2 = (select q || chr(1114111) from bench.terms where n = :n)
$3 = null::text
$4 = (select words from bench.terms where n = :n)
$5 = 20
@end ;
\if :n % 4 = 2
@query length(c.name), c.name, c.id limit $5
$1 = (select words from bench.terms where n = :n)
$2 = (select slips from bench.terms where n = :n)
$3 = (select slip_of from bench.terms where n = :n)
$4 = array[]::text[]
$5 = 20
@end ;
\endif
