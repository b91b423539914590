\set n1 random(0, 3999)
\set n2 random(0, 3999)
\set n3 random(0, 3999)
\set n4 random(0, 3999)
select a.q as q1, b.q as q2, c.q as q3, d.q as q4 from bench.terms a, bench.terms b, bench.terms c, bench.terms d where a.n = :n1 and b.n = :n2 and c.n = :n3 and d.n = :n4 \gset
@repeat 4
@query named as materialized (
$1 = '01993f2e-0004-7000-8000-100000000000'::uuid
$2 = :q#::text
$3 = :q#::text
$4 = :q#::text || chr(1114111)
$5 = 20
$6 = null
$7 = null
$8 = null
$9 = null
$10 = false
$11 = '%' || :q# || '%'
$12 = greatest(0.45, least(0.7, (length(:q#::text) - 5.0) / (length(:q#::text) + 7)))::text
@end ;
