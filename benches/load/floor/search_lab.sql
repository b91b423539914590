\set n random(0, 3999)
@query chemicals_of_lab($1, $3, $4, $5)
$1 = '01993f2e-0004-7000-8000-100000000000'::uuid
$2 = (select q from bench.terms where n = :n)
$3 = (select array[bench.folded(q)] from bench.terms where n = :n)::text[]
$4 = (select bench.folded(q) from bench.terms where n = :n)
$5 = (select words from bench.terms where n = :n)::text[]
$6 = '{f}'::boolean[]
$7 = null
$8 = null
$9 = null
$10 = null
$11 = false
$12 = -1
$13 = '0001-01-01'::date
$14 = 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid
$15 = 20
$16 = '{}'::uuid[]
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
