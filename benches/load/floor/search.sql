\set n random(0, 3999)
@query with hits (id, rank, term) as materialized (
$1 = (select array[bench.folded(q)] from bench.terms where n = :n)
$2 = (select bench.folded(q) from bench.terms where n = :n)
$3 = (select words from bench.terms where n = :n)
$4 = (select q from bench.terms where n = :n)
$5 = 20
@end ;
\if :n % 4 = 2
@query join lateral ( select word from catalogue_words
$1 = (select slips from bench.terms where n = :n)
$2 = (select slip_of from bench.terms where n = :n)
@end ;
\endif
