\set n random(0, 3999)
@query with names (id, rank, term) as materialized (
$1 = (select array[bench.folded(q)] from bench.terms where n = :n)::text[]
$2 = (select bench.folded(q) from bench.terms where n = :n)
$3 = (select words from bench.terms where n = :n)::text[]
$4 = (select q from bench.terms where n = :n)
$5 = 20
@end ;
\if :n % 4 > 1
@query exists (select from chemical_terms where kind = any('{0,1}') and term = any($2)) as is_term
$1 = (select words from bench.terms where n = :n)::text[]
$2 = (select array[bench.folded(q)] from bench.terms where n = :n)::text[]
$3 = '{}'::uuid[]
$4 = (select bench.folded(q) from bench.terms where n = :n)
@end ;
\endif
\if :n % 4 = 2
@query join lateral ( select word from catalogue_words
$1 = (select slips from bench.terms where n = :n)
@end ;
\endif
