\set n 100000000000 + 50 * random(0, 9999) + 5 * random(1, 9) + random(0, 1)
@query where c.id = any($1)
$1 = array[('01993f2e-0000-7000-8000-' || :n)::uuid]
@end \gset c_
@query returning is_low
$1 = '01993f2e-0004-7000-8000-100000000000'::uuid
$2 = :c_id::uuid
$3 = :c_version::int
$4 = 'opened'
$5 = :c_amount::numeric - 0.001
$6 = :c_location_id::uuid
$7 = date '2026-11-01'
$8 = null::uuid
$9 = null::numeric
$10 = clock_timestamp()
$11 = ('01a00000-0000-7000-8000-' || nextval('bench.ids'))::uuid
$12 = 'withdraw'
$13 = -0.001
$14 = 0.001
$15 = :c_unit
$16 = :c_state
$17 = :c_location_id::uuid
$18 = null::uuid
$19 = null::text
$20 = '01993f2e-0003-7000-8000-100000000000'::uuid
$21 = clock_timestamp()
$22 = null::jsonb
$23 = null::jsonb
$24 = decode('00112233445566778899aabbccddeeff', 'hex')
@end ;
