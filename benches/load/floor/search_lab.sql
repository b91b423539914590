\set n random(0, 3999)
@query worded as materialized (
$1 = '01993f2e-0004-7000-8000-100000000000'::uuid
$2 = (select upper(q) from bench.terms where n = :n)
$3 = (select q from bench.terms where n = :n)
$4 = (select words from bench.terms where n = :n)
$5 = null
$6 = null
$7 = null
$8 = null
$9 = false
$10 = 20
@end ;
\if :n % 4 = 2
@query length(h.name), h.name, c.id limit $12
$1 = '01993f2e-0004-7000-8000-100000000000'::uuid
$2 = (select array_agg(upper(slip)) from bench.terms, bench.slips(q) slip where n = :n)
$3 = (select words from bench.terms where n = :n)
$4 = (select slips from bench.terms where n = :n)
$5 = (select slip_of from bench.terms where n = :n)
$6 = array[]::text[]
$7 = null
$8 = null
$9 = null
$10 = null
$11 = false
$12 = 20
@end ;
\endif
