\set n 100000000000 + 50 * random(0, 9999) + 5 * random(1, 9) + random(0, 1)
@query from unnest($1::uuid[], $2::uuid[]) wanted
$1 = array['01993f2e-0004-7000-8000-100000000000'::uuid]
$2 = array[('01993f2e-0000-7000-8000-' || :n)::uuid]
@end ;
