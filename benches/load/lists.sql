-- The lists of the product in the largest lab, each where it costs most. `scripts/bench --explain` runs and judges them.
@list containers of a lab
@query where c.lab_id = $1 and (c.is_gone, c.id) < ($2, $3)
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = false
$3 = '01993f2e-0000-7000-8000-100000400000'
$4 = 51
$5 = '{}'
@list containers of a small lab
@query where c.lab_id = $1 and (c.is_gone, c.id) < ($2, $3)
$1 = '01993f2e-0004-7000-8000-100000000007'
$2 = false
$3 = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
$4 = 51
$5 = '{}'
@list containers in a state
@query (c.state, c.id) < ($2, $3)
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = 'in_stock'
$3 = '01993f2e-0000-7000-8000-100000400000'
$4 = 51
$5 = '{}'
@list low containers
@query where c.lab_id = $1 and c.is_low and c.id < $2
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = '01993f2e-0000-7000-8000-100000400000'
$3 = null
$4 = 51
$5 = '{}'
@list containers of a chemical
@query c.chemical_id = $2 and c.is_gone = $3 and c.id < $4
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = '01993f2e-0002-7000-8000-100000039595'
$3 = false
$4 = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
$5 = null
$6 = false
$7 = 51
$8 = '{}'
@list containers of a chemical on a shelf
@query c.is_gone = $4 and c.location_id in (select id from below)
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = '01993f2e-0005-7000-8000-100000000300'
$3 = '01993f2e-0002-7000-8000-100000039595'
$4 = false
$5 = '00000000-0000-0000-0000-000000000000'
$6 = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
$7 = null
$8 = false
$9 = 51
$10 = '{}'
@list containers of a chemical that expire
@query c.expires_on < $5 and (c.expires_on, c.id) > ($6, $7)
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = null
$3 = '01993f2e-0002-7000-8000-100000039595'
$4 = false
$5 = '2029-01-01'
$6 = '2027-06-01'
$7 = '00000000-0000-0000-0000-000000000000'
$8 = null
$9 = false
$10 = 51
$11 = '{}'
@list containers that expire
@query where c.lab_id = $1 and c.is_gone = $2 and c.expires_on < $3
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = false
$3 = '2029-01-01'
$4 = '2027-06-01'
$5 = '00000000-0000-0000-0000-000000000000'
$6 = null
$7 = false
$8 = 51
$9 = '{}'
@list containers on a shelf that expire
@query order by expires_on, id limit 1 )
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = '01993f2e-0005-7000-8000-100000000300'
$3 = false
$4 = '2029-01-01'
$5 = '2027-06-01'
$6 = '00000000-0000-0000-0000-000000000000'
$7 = null
$8 = false
$9 = 51
$10 = '{}'
@list containers in a cabinet that expire
@query order by expires_on, id limit 1 )
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = '01993f2e-0005-7000-8000-100000000010'
$3 = false
$4 = '2029-01-01'
$5 = '2027-06-01'
$6 = '00000000-0000-0000-0000-000000000000'
$7 = null
$8 = false
$9 = 51
$10 = '{}'
@list containers in a building that expire
@query order by expires_on, id limit 1 )
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = '01993f2e-0005-7000-8000-100000000000'
$3 = false
$4 = '2029-01-01'
$5 = '2027-06-01'
$6 = '00000000-0000-0000-0000-000000000000'
$7 = null
$8 = false
$9 = 51
$10 = '{}'
@list containers of a lot
@query upper(c.lot) collate "C" = upper($2)
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = 'LOT1000'
$3 = 20
$4 = null
$5 = null
$6 = '{}'
@list containers on a shelf
@query select containers.* from containers where lab_id = $1 and location_id = p.id
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = '01993f2e-0005-7000-8000-100000000300'
$3 = '00000000-0000-0000-0000-000000000000'
$4 = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
$5 = false
$6 = null
$7 = false
$8 = 51
$9 = '{}'
@list containers in a building of 800 places
@query select containers.* from containers where lab_id = $1 and location_id = p.id
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = '01993f2e-0005-7000-8000-100000000000'
$3 = '01993f2e-0005-7000-8000-100000000500'
$4 = '01993f2e-0000-7000-8000-100000200000'
$5 = false
$6 = null
$7 = false
$8 = 51
$9 = '{}'
@list containers by text, the beginning of a name
@query chemicals_of_lab($1, $14, $15, $16)
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = '{f}'
$3 = null
$4 = null
$5 = null
$6 = null
$7 = false
$8 = -1
$9 = '0001-01-01'
$10 = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
$11 = 51
$12 = '{}'
$13 = '2-chloro-3-m'
$14 = '{2 chloro 3 m}'
$15 = '2 chloro 3 m'
$16 = '{chloro}'
@list containers by text, the middle of a name
@query chemicals_of_lab($1, $14, $15, $16)
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = '{f}'
$3 = null
$4 = null
$5 = null
$6 = null
$7 = false
$8 = -1
$9 = '0001-01-01'
$10 = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
$11 = 51
$12 = '{}'
$13 = 'omo-3-iodomo'
$14 = '{omo 3 iodomo}'
$15 = 'omo 3 iodomo'
$16 = '{iodomo,omo}'
select array(select slip from bench.slips('hydroxyoctanol') slip) as slips,
    array(select upper(slip) from bench.slips('3-cyao-4-hydroxyoctanol') slip) as labels \gset
@list containers by text, a typo
@query likely as materialized
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = '{f}'
$3 = null
$4 = null
$5 = null
$6 = null
$7 = false
$8 = 9
$9 = '0001-01-01'
$10 = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
$11 = 51
$12 = '{}'
$13 = :'labels'
$14 = '{3 cyano 4 hydroxyoctanol}'
$15 = '{0}'
$16 = '{}'
$17 = '{hydroxyoctanol cyano}'
$18 = '{}'
$19 = '3 cyao 4 hydroxyoctanol'
@list containers by text, a label that thousands have and a name
@query from common join texts t using (n)
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = '{LOT}'
$3 = '{3 cyano 4 hydroxyoctanol}'
$4 = '{hydroxyoctanol cyano}'
$5 = '{3 cyano 4 hydroxyoctanol}'
$6 = null
$7 = '{f}'
$8 = null
$9 = null
$10 = null
$11 = false
$12 = '0001-01-01'
$13 = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
$14 = 51
$15 = '{}'
$16 = 1000
@list containers by text, a label that thousands have and no name
@query from common join texts t using (n)
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = '{LOT,ZZZZ}'
$3 = '{zzzz,lot}'
$4 = '{zzzz,lot}'
$5 = '{zzzz,lot}'
$6 = null
$7 = '{f}'
$8 = null
$9 = null
$10 = null
$11 = false
$12 = '0001-01-01'
$13 = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
$14 = 51
$15 = '{}'
$16 = 1000
@list events of a container
@query where e.lab_id = $1 and e.container_id = $2 and e.seq < $3
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = '01993f2e-0000-7000-8000-100000000010'
$3 = 1000
$4 = 51
$5 = '{}'
@list chemicals by name
@query order by lower(name) collate "C", id limit $3
$1 = '3-methoxy'
$2 = '00000000-0000-0000-0000-000000000000'
$3 = 51
@list chemicals by text, the beginning of a name
@query with names (id, rank, term) as materialized (
$1 = '{2 chloro 3 m}'
$2 = '2 chloro 3 m'
$3 = '{chloro}'
$4 = '2 chloro 3 m'
$5 = 20
@list chemicals by text, the middle of a name
@query with names (id, rank, term) as materialized (
$1 = '{omo 3 iodomo}'
$2 = 'omo 3 iodomo'
$3 = '{iodomo,omo}'
$4 = 'omo 3 iodomo'
$5 = 20
@list chemicals by text, a word that thousands have
@query with names (id, rank, term) as materialized (
$1 = '{chloro}'
$2 = 'chloro'
$3 = '{chloro}'
$4 = 'chloro'
$5 = 20
@list words of the catalogue, one slip away
@query join lateral ( select word from catalogue_words
$1 = :'slips'
@list chemicals by text, a typo
@query with hits (id, rank, term) as materialized (
$1 = '{3 cyano 4 hydroxyoctanol}'
$2 = '{0}'
$3 = '{}'
$4 = '{}'
$5 = 20
@list chemicals by text, a typo in the beginning of a name
@query with meant as materialized (
$1 = '{3 cyano 4 hydroxyoct}'
$2 = '{2}'
$3 = '{hydroxyoct cyano}'
$4 = '{}'
$5 = 20
@list words of a text that the catalogue knows
@query exists (select from chemical_terms where kind = any('{0,1}') and term = any($2)) as is_term
$1 = '{hydroxyoctanol,cyao}'
$2 = '{3 cyao 4 hydroxyoctanol}'
$3 = '{}'
$4 = '3 cyao 4 hydroxyoctanol'
@list locations of a lab
@query from locations where lab_id = $1 and id > $2 and ($3::bool
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = '01993f2e-0005-7000-8000-100000000400'
$3 = false
$4 = 51
$5 = '{}'
@list locations at the root of a lab
@query from locations where lab_id = $1 and parent_id is null
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = '00000000-0000-0000-0000-000000000000'
$3 = false
$4 = 51
$5 = '{}'
@list locations in a location
@query from locations where lab_id = $1 and parent_id = $2 and id > $3
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = '01993f2e-0005-7000-8000-100000000015'
$3 = '00000000-0000-0000-0000-000000000000'
$4 = false
$5 = false
$6 = null
$7 = 51
$8 = '{}'
@list locations by the beginning of their names
@query from locations where lab_id = $1 and lower(name)
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = 'Shelf 40'
$3 = '00000000-0000-0000-0000-000000000000'
$4 = false
$5 = false
$6 = 51
$7 = '{}'
@list invitations of a lab
@query from invitations where lab_id = $1 and id > $2
$1 = '01993f2e-0004-7000-8000-100000000000'
$2 = '00000000-0000-0000-0000-000000000000'
$3 = 51
$4 = now()
@list members of a lab
@query and m.user_id > $3
$1 = true
$2 = '01993f2e-0004-7000-8000-100000000000'
$3 = '01993f2e-0003-7000-8000-100000005000'
$4 = false
$5 = 51
@list labs of a person
@query (select id from labs where
$1 = '01993f2e-0003-7000-8000-100000000000'
$2 = '00000000-0000-0000-0000-000000000000'
$3 = 51
@list sessions of a person
@query id is not distinct from $2 as current
$1 = '01993f2e-0003-7000-8000-100000000000'
$2 = '01993f2e-0003-7000-8000-100000000000'
$3 = now()
$4 = now() - interval '30 days'
$5 = '00000000-0000-0000-0000-000000000000'
$6 = 51
