\set n 100000000000 + random(0, 799)
@query select containers.* from containers where lab_id = $1 and location_id = p.id
$1 = '01993f2e-0004-7000-8000-100000000000'::uuid
$2 = ('01993f2e-0005-7000-8000-' || :n)::uuid
$3 = '00000000-0000-0000-0000-000000000000'::uuid
$4 = 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid
$5 = false
$6 = null
$7 = false
$8 = 51
$9 = '{}'::uuid[]
@end ;
