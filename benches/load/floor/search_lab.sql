\set n random(0, 3999)
@query chemicals_of_lab($1, $14, $15, $16)
$1 = '01993f2e-0004-7000-8000-100000000000'::uuid
$2 = '{f}'::boolean[]
$3 = null
$4 = null
$5 = null
$6 = null
$7 = false
$8 = -1
$9 = '0001-01-01'::date
$10 = 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid
$11 = 20
$12 = '{}'::uuid[]
$13 = (select q from bench.terms where n = :n)
$14 = (select array[bench.folded(q)] from bench.terms where n = :n)::text[]
$15 = (select bench.folded(q) from bench.terms where n = :n)
$16 = (select words from bench.terms where n = :n)::text[]
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
