\set n1 random(0, 3999)
\set n2 random(0, 3999)
\set n3 random(0, 3999)
\set n4 random(0, 3999)
select a.q as q1, b.q as q2, c.q as q3, d.q as q4 from bench.terms a, bench.terms b, bench.terms c, bench.terms d where a.n = :n1 and b.n = :n2 and c.n = :n3 and d.n = :n4 \gset
@repeat 4
@query with prefix (id, term, rank) as (
$1 = :q#::text
$2 = :q#::text || chr(1114111)
$3 = null::text
$4 = 20
$5 = '%' || :q# || '%'
$6 = greatest(0.45, least(0.7, (length(:q#::text) - 5.0) / (length(:q#::text) + 7)))::text
@end ;
