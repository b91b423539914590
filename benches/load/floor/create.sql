\set chemical 100000000000 + random(0, 99999)
\set place 100000000000 + random(91, 799)
\set code random(100000000000, 999999999999)
\set lot random(0, 12499)
@query 'receive', $8
$1 = ('01a00000-0000-7000-8000-' || nextval('bench.ids'))::uuid
$2 = '01993f2e-0004-7000-8000-100000000000'::uuid
$3 = ('01993f2e-0002-7000-8000-' || :chemical)::uuid
$4 = ('01993f2e-0005-7000-8000-' || :place)::uuid
$5 = :code
$6 = 'in_stock'
$7 = 'mL'
$8 = 500
$9 = 50
$10 = null
$11 = null
$12 = 'LOT' || :lot
$13 = 'Supplier 1'
$14 = null
$15 = null
$16 = null
$17 = null
$18 = date '2028-06-30'
$19 = clock_timestamp()
$20 = ('01a00000-0000-7000-8000-' || nextval('bench.ids'))::uuid
$21 = '01993f2e-0003-7000-8000-100000000000'::uuid
$22 = clock_timestamp()
$23 = 500
$24 = jsonb '{"expires_on": [null, "2028-06-30"]}'
$25 = null
$26 = decode('00112233445566778899aabbccddeeff', 'hex')
@end ;
