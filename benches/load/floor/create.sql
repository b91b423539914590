\set chemical 100000000000 + random(0, 99999)
\set place 100000000000 + random(91, 799)
\set code random(100000000000, 999999999999)
\set lot random(0, 12499)
@query with receipt as (
$1 = array[('01a00000-0000-7000-8000-' || nextval('bench.ids'))::uuid]
$2 = array['01993f2e-0004-7000-8000-100000000000'::uuid]
$3 = array[('01993f2e-0002-7000-8000-' || :chemical)::uuid]
$4 = array[('01993f2e-0005-7000-8000-' || :place)::uuid]
$5 = array[:code]
$6 = array['in_stock']
$7 = array['mL']
$8 = array[500]
$9 = array[50]
$10 = array[null]
$11 = array[null]
$12 = array['LOT' || :lot]
$13 = array['Supplier 1']
$14 = array[null]
$15 = array[null]
$16 = array[null]
$17 = array[null]
$18 = array[date '2028-06-30']
$19 = array[clock_timestamp()]
$20 = array[('01a00000-0000-7000-8000-' || nextval('bench.ids'))::uuid]
$21 = array['01993f2e-0003-7000-8000-100000000000'::uuid]
$22 = array[clock_timestamp()]
$23 = array[500]
$24 = array[jsonb '{"expires_on": [null, "2028-06-30"]}']
$25 = array[null]
$26 = array[decode('00112233445566778899aabbccddeeff', 'hex')]
@end ;
