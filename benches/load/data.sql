-- The data of scripts/bench: 100,000 chemicals, 20 labs with 2,000 locations and 500,000 containers, 1,000,000 events,
-- 10,000 users. Everything follows from its number, so that a load generator can name ids without asking:
-- '01993f2e-<kind>-7000-8000-' and 100,000,000,000 plus the number. A container n is of lab 0 (the largest: 200,000) when
-- n mod 5 < 2; it can be drawn from unless n mod 50 < 2; it is kept in mL when n / 50 is even, else in g.
\set ON_ERROR_STOP on
set client_min_messages = warning;
set synchronous_commit = off;
set maintenance_work_mem = '512MB';
-- The rows are right by construction; checking two million foreign keys one by one takes minutes.
set session_replication_role = replica;

create schema bench;

-- Indexes that are no constraint are built at the end, which is faster than row by row.
create table bench.indexes as
select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
from pg_index i join pg_class t on t.oid = i.indrelid
where t.relname in ('chemicals', 'chemical_terms', 'chemical_words', 'word_ends', 'containers')
    and not exists (select from pg_constraint c where c.conindid = i.indexrelid);
select format('drop index %s', name) from bench.indexes \gexec

create function bench.id(kind text, n bigint) returns uuid language sql immutable strict parallel safe
return ('01993f2e-' || kind || '-7000-8000-' || (100000000000 + n))::uuid;

create function bench.cas(n bigint) returns text language sql immutable strict parallel safe
return format('%s-%s-%s', n / 100, lpad((n % 100)::text, 2, '0'),
    (select sum(substr(reverse(n::text), i, 1)::int * i) from generate_series(1, length(n::text)) i) % 10);

create table bench.names as
with groups as (
    select array['chloro', 'bromo', 'fluoro', 'iodo', 'methyl', 'ethyl', 'propyl', 'isopropyl', 'butyl', 'tert-butyl',
        'nitro', 'amino', 'hydroxy', 'methoxy', 'ethoxy', 'phenyl', 'benzyl', 'cyano', 'acetyl', 'trifluoromethyl',
        'vinyl', 'allyl', 'mercapto', 'cyclohexyl', 'formyl'] as s,
    array['benzene', 'toluene', 'aniline', 'phenol', 'pyridine', 'benzoic acid', 'acetophenone', 'naphthalene', 'indole',
        'quinoline', 'furan', 'thiophene', 'pyrrole', 'imidazole', 'pyrimidine', 'benzaldehyde', 'benzonitrile',
        'anisole', 'cinnamic acid', 'benzamide', 'hexanoic acid', 'octanol', 'cyclohexanone', 'piperidine', 'morpholine',
        'thiazole', 'oxazole', 'pyrazine', 'coumarin', 'carbazole', 'styrene', 'benzothiazole', 'isoquinoline',
        'phthalimide', 'salicylic acid', 'nicotinamide', 'catechol', 'resorcinol', 'biphenyl', 'adamantane'] as p
), shuffled as (
    select n, n * 61803::bigint % 100000 as m from generate_series(0, 99999) n
), parts as (
    select n, m, s[1 + m % 25] as s1, s[1 + m / 25 % 25] as s2, p[1 + m / 625 % 40] as p,
        2 + m / 25000 as a, 3 + m / 25000 + m % 2 as b
    from shuffled, groups
)
select n, format('%s-%s-%s-%s%s', a, s1, b, s2, p) as name,
    array[format('%s, %s-%s-%s-%s-', p, b, s2, a, s1), format('%s-%s %s-%s %s', b, s2, a, s1, p), 'NSC ' || 100000 + n]
        as synonyms,
    bench.cas(5000000 + 17 * m) as cas,
    format('C%sH%s%s%s%s', 6 + n % 15, 5 + n % 23, (array['', 'N', 'N2'])[1 + n % 3], (array['', 'O', 'O2', 'O3'])[1 + n % 4],
        (array['', 'S'])[1 + n / 7 % 2]) as formula,
    translate(upper(md5(n::text)), '0123456789', 'QRSTUVWXYZ') as key
from parts;

insert into chemicals (id, name, cas, inchikey, formula, molar_mass, synonyms, created_at, updated_at)
select bench.id('0002', n), name, cas, left(key, 14) || '-' || substr(key, 15, 8) || 'SA-N', formula,
    72.066 + n % 15 * 12.011 + n % 23 * 1.008, synonyms, now(), now()
from bench.names order by n;

-- As src/catalogue/chemicals/fold.rs does it, for the plain letters that these names have.
create function bench.folded(text text) returns text language sql immutable strict
return trim(regexp_replace(lower(text), '[^[:alnum:]]+', ' ', 'g'));

insert into chemical_terms (chemical_id, term, kind)
select id, term, min(kind) from chemicals, lateral (
    select bench.folded(name) as term, 0 as kind union select bench.folded(cas), 1 union select bench.folded(inchikey), 1
    union select bench.folded(formula), 1 union select bench.folded(synonym), 1 from unnest(synonyms) synonym
) terms where term is not null group by id, term;
update chemicals set terms_version = 1;

create function bench.words(text text) returns setof text language sql immutable strict
begin atomic
    select word from regexp_split_to_table(lower(text), '[^[:alnum:]]+') word where length(word) > 2 and word ~ '[[:alpha:]]';
end;

insert into chemical_words (chemical_id, word, rank, name)
select id, word, min(length(name) + case when text = name then 0 else 10000 end),
    min(bench.folded(name)) filter (where text = name)
from chemicals, unnest(synonyms || name) text, bench.words(text) word group by id, word;

insert into catalogue_words select distinct word from chemical_words;

insert into word_ends (ending, word)
select substr(word, start), word from (select distinct word from chemical_words) w, generate_series(1, length(word) - 2) start;

insert into users (id, phone, name, is_owner, created_at, updated_at)
select bench.id('0003', n), case n when 0 then '+15005550006' else format('+1%s55501%s', 201 + n / 100, lpad((n % 100)::text, 2, '0')) end,
    'Person ' || n, n = 0, now(), now()
from generate_series(0, 9999) n;

insert into labs (id, name, created_at, updated_at)
select bench.id('0004', n), 'Lab ' || n, now(), now() from generate_series(0, 19) n;

insert into memberships (lab_id, user_id, role, created_at, updated_at)
select bench.id('0004', n % 20), bench.id('0003', n), (array['viewer', 'member', 'member', 'manager'])[1 + n / 20 % 4], now(), now()
from generate_series(1, 9999) n
union all
select bench.id('0004', n), bench.id('0003', 0), 'admin', now(), now() from generate_series(0, 19) n;

insert into sessions (id, user_id, amr, auth_time, created_at, last_used_at, expires_at)
select bench.id('0006', n), bench.id('0003', n / 3), '{sms}', now(), now(), now(), now() + interval '180 days'
from generate_series(0, 29999) n;

-- Trees of nine branches at each fork: 800 locations in lab 0 (709 of them leaves), some 63 in each other.
create table bench.places as
select n, lab, i, case when i > 0 then (i - 1) / 9 end as parent,
    case when i = 0 then 'building' when i < 10 then 'room' when i < 91 then 'cabinet' else 'shelf' end as kind
from (
    select n, case when n < 800 then 0 else 1 + (n - 800) % 19 end as lab,
        case when n < 800 then n else (n - 800) / 19 end as i
    from generate_series(0, 1999) n
) l;
create index on bench.places (lab, i);

insert into locations (id, lab_id, parent_id, kind, name, code, created_at, updated_at)
select bench.id('0005', l.n), bench.id('0004', l.lab), bench.id('0005', p.n), l.kind, initcap(l.kind) || ' ' || l.i, 'L-' || l.i, now(), now()
from bench.places l left join bench.places p on p.lab = l.lab and p.i = l.parent
order by l.n;

create table bench.bottles as
select n, case when n % 5 < 2 then 0 else 1 + n / 5 % 19 end as lab,
    case n % 50 when 0 then 'empty' when 1 then 'disposed' else
        -- Lab 0 works with opened bottles.
        case when n % 5 < 2 and n % 100 <> 5 or n % 3 = 0 then 'opened' else 'in_stock' end end as state,
    case when n / 50 % 2 = 0 then 'mL' else 'g' end as unit, 100 + n % 900 as initial,
    case when n % 5 < 2 then 91 + n::bigint * 7919 / 11 % 709 else 10 + n::bigint * 7919 / 11 % 53 end as place
from generate_series(0, 499999) n;

insert into containers (id, lab_id, chemical_id, location_id, code, state, unit, amount, initial_amount, low_at, lot,
    supplier, catalogue_number, received_on, opened_on, expires_on, version, created_at, updated_at)
select bench.id('0000', b.n), bench.id('0004', b.lab), bench.id('0002', b.n * 7919::bigint % 100000), bench.id('0005', p.n),
    'C' || upper(substr(md5(b.n::text), 1, 8)) || b.n, b.state, b.unit,
    case b.state when 'opened' then b.initial * 0.9 when 'in_stock' then b.initial else 0 end, b.initial,
    case when b.n % 10 = 6 then b.initial * 0.95 when b.n % 2 = 0 then b.initial * 0.1 end,
    'LOT' || b.n / 40, 'Supplier ' || b.n % 37, 'CAT-' || b.n % 9973, date '2026-01-01' + b.n % 300,
    case when b.state = 'opened' then date '2026-11-01' end, date '2026-12-01' + b.n * 31 % 1400, 2, now(), now()
from bench.bottles b join bench.places p on p.lab = b.lab and p.i = b.place
order by b.n;
insert into codes (lab_id, canonical, code, container_id)
select lab_id, canonical_code(code), code, id from containers order by lab_id, canonical_code(code);

insert into stock_events (id, lab_id, container_id, seq, type, delta, amount_after, typed_value, typed_unit, state_after,
    location_after, by_user, occurred_at, recorded_at)
select bench.id('0001', b.n), c.lab_id, c.id, 1, 'receive', b.initial, b.initial, b.initial, b.unit, 'in_stock', c.location_id,
    bench.id('0003', b.n % 10000), now(), now()
from bench.bottles b join containers c on c.id = bench.id('0000', b.n) order by b.n;

insert into stock_events (id, lab_id, container_id, seq, type, delta, amount_after, state_before, state_after,
    location_before, location_after, by_user, occurred_at, recorded_at)
select bench.id('0001', 1000000 + b.n), c.lab_id, c.id, 2,
    case b.state when 'opened' then 'withdraw' when 'empty' then 'empty' when 'disposed' then 'dispose' else 'move' end,
    c.amount - b.initial, c.amount, 'in_stock', b.state, c.location_id, c.location_id,
    bench.id('0003', b.n % 10000), now(), now()
from bench.bottles b join containers c on c.id = bench.id('0000', b.n) order by b.n;

-- What is searched for: a quarter each begins like a name, begins like a CAS number, is a name less a letter, and is a
-- piece out of the middle of a name. With what the product makes of it: its words, and for a typo all slips of the longest.
create table bench.terms as
select n, case n % 4
    when 0 then left(name, 12)
    when 1 then left(cas, length(cas) - 3)
    when 2 then overlay(name placing '' from 4 + n % 9 for 1)
    else substr(name, 5, 12) end as q
from (select (row_number() over (order by md5(n::text)))::int - 1 as n, lower(name) as name, cas from bench.names limit 4000) t;
alter table bench.terms add primary key (n);
alter table bench.terms add words text[], add slips text[];
update bench.terms set words = array(select word from (select distinct bench.words(q) as word) w order by length(word) desc, word limit 4);

create function bench.slips(word text) returns table (slip text) language sql immutable strict
begin atomic
    select overlay(word placing letter from place for 1)
    from regexp_split_to_table('0123456789abcdefghijklmnopqrstuvwxyz', '') letter, generate_series(1, length(word)) place
    union select left(word, place) || letter || substr(word, place + 1)
    from regexp_split_to_table('0123456789abcdefghijklmnopqrstuvwxyz', '') letter, generate_series(0, length(word)) place
    union select overlay(word placing '' from place for 1) from generate_series(1, length(word)) place
    union select overlay(word placing reverse(substr(word, place, 2)) from place for 2) from generate_series(1, length(word) - 1) place
    except select word;
end;

update bench.terms set slips = array(select bench.slips(words[1])) where n % 4 = 2;

create sequence bench.ids start 100000000000;

select definition from bench.indexes \gexec
vacuum analyze;
checkpoint;
