-- Search by one normal form of names, in which names come before synonyms, and lists of bottles without those that are gone.

-- Terms are kept folded (src/chemicals/fold.rs), the name apart from all others. Old rows are others until the step
-- "refresh terms" has written them anew.
alter table chemical_terms add column kind smallint not null default 1;
alter table chemical_terms alter column kind drop default;
drop index chemical_terms_term_idx;
create index chemical_terms_kind_term_idx on chemical_terms (kind, term, chemical_id);

-- Which fold a chemical's terms and words were made by.
alter table chemicals add column terms_version smallint not null default 0;
create index chemicals_stale_terms_idx on chemicals (id) where terms_version < 1;

-- Every word there has been, once. A mistyped word is looked up here before anything else is.
create table catalogue_words (word text collate "C" constraint catalogue_words_pkey primary key);
insert into catalogue_words select distinct word from chemical_words;

drop function chemicals_by_slip(text[], text[], int[]);
drop function chemicals_by_words(text[]);

-- Those that have each of these words, or one that it is the beginning of; a word that begins none may stand inside one.
-- Led by the word that the fewest have, of whose chemicals it takes `most` at most, and then reads the others' words.
create function chemicals_by_words(words text[], most int) returns table (chemical_id uuid) language plpgsql stable as $$
#variable_conflict use_column
declare
    asked text;
    n int;
    fewest int;
    lead text;
    lead_is_inside boolean;
    is_inside boolean;
begin
    foreach asked in array words loop
        select count(*) into n from (
            select from chemical_words w where w.word >= asked and w.word < asked || U&'\+10FFFF' limit most + 1
        ) b;
        is_inside := n = 0;
        if is_inside then
            select count(*) into n from (
                select from word_ends e join chemical_words w on w.word = e.word
                where e.ending >= asked and e.ending < asked || U&'\+10FFFF' limit most + 1
            ) i;
        end if;
        if n = 0 then
            return;
        end if;
        if fewest is null or n < fewest then
            fewest := n;
            lead := asked;
            lead_is_inside := is_inside;
        end if;
    end loop;
    return query with led as materialized (
        (select w.chemical_id from chemical_words w
            where not lead_is_inside and w.word >= lead and w.word < lead || U&'\+10FFFF'
            order by w.word, w.chemical_id limit most)
        union all
        (select w.chemical_id from word_ends e join chemical_words w on w.word = e.word
            where lead_is_inside and e.ending >= lead and e.ending < lead || U&'\+10FFFF' limit most)
    )
    select distinct l.chemical_id from led l where chemical_has_words(l.chemical_id, words, lead);
end $$;

-- Whether it has each of these words but one, as a word's beginning or inside one.
create function chemical_has_words(chemical uuid, words text[], but text) returns boolean language plpgsql stable as $$
declare
    asked text;
begin
    foreach asked in array words loop
        if asked is distinct from but
            and not exists (
                select from chemical_words w
                where w.chemical_id = chemical and w.word >= asked and w.word < asked || U&'\+10FFFF'
            )
            and not exists (
                select from chemical_words w where w.chemical_id = chemical and position(asked in w.word) > 0
            )
        then
            return false;
        end if;
    end loop;
    return true;
end $$;

-- Those of which a bottle of the lab may be what is searched for: 2 the name, 3 another term, 4 the beginning of the
-- name, 5 of another term, 6 all words. A text that more than 10,000 terms of the catalogue begin with, or a word that
-- more have, is looked for in the terms and words of what the lab has.
create function chemicals_of_lab(lab uuid, exact text[], key text, words text[])
returns table (chemical_id uuid, rank int) language plpgsql stable as $$
#variable_conflict use_column
declare
    most constant int := 10000;
    n int;
    asked text;
    many_begin boolean;
    many_have boolean := cardinality(words) > 0;
begin
    return query select t.chemical_id, 2 + t.kind from chemical_terms t where t.kind = any ('{0,1}') and t.term = any (exact);
    select count(*) into n from (
        select from chemical_terms t where t.kind = any ('{0,1}') and t.term >= key and t.term < key || U&'\+10FFFF'
        limit most + 1
    ) b;
    many_begin := n > most;
    foreach asked in array words loop
        exit when not many_have;
        select count(*) into n from (
            select from chemical_words w where w.word >= asked and w.word < asked || U&'\+10FFFF' limit most + 1
        ) h;
        many_have := n > most;
    end loop;
    if not many_begin then
        return query select t.chemical_id, min(4 + t.kind) from chemical_terms t
            where t.kind = any ('{0,1}') and t.term >= key and t.term < key || U&'\+10FFFF' group by t.chemical_id;
    end if;
    if not many_have and cardinality(words) > 0 then
        return query select w.chemical_id, 6 from chemicals_by_words(words, most) w;
    end if;
    if many_begin or many_have then
        return query with recursive had (id) as (
            (select c.chemical_id from containers c where c.lab_id = lab order by c.chemical_id limit 1)
            union all
            select (select c.chemical_id from containers c where c.lab_id = lab and c.chemical_id > h.id
                order by c.chemical_id limit 1)
            from had h where h.id is not null
        ), judged as (
            select h.id, case
                when many_begin then (select min(4 + t.kind) from chemical_terms t
                    where t.chemical_id = h.id and t.term >= key and t.term < key || U&'\+10FFFF')
            end as begins, many_have and chemical_has_words(h.id, words, null) as has
            from had h where h.id is not null
        )
        select j.id, coalesce(j.begins, 6) from judged j where j.begins is not null or j.has;
    end if;
end $$;

-- A bottle that is gone is in no list unless it is asked for. It stands in the indexes before the order of a list, so
-- that no list reads past what a lab has used up over the years; a withdrawal changes neither.
alter table containers add column is_gone boolean not null
    generated always as (state in ('lost', 'empty', 'disposed', 'voided')) stored;
drop index containers_lab_idx;
create index containers_lab_idx on containers (lab_id, is_gone, id);
drop index containers_location_idx;
create index containers_location_idx on containers (lab_id, location_id, is_gone, id);
drop index containers_chemical_idx;
create index containers_chemical_idx on containers (lab_id, chemical_id, is_gone, id);
drop index containers_expiry_idx;
create index containers_expiry_idx on containers (lab_id, is_gone, expires_on, id) where expires_on is not null;
