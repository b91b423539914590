-- The other words of a search are looked up in the plan of the whole: a function call for each chemical costs three times as
-- much.

-- Those that have each of these words, or one that it is the beginning of; a word that begins none may stand inside one.
-- Led by the word that the fewest have, of whose chemicals it takes `most` at most, and then reads the others' words.
create or replace function chemicals_by_words(words text[], most int) returns table (chemical_id uuid)
language plpgsql stable as $$
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
        -- Which word the fewest have is all that is asked, so none is counted any further than the fewest so far.
        select count(*) into n from (
            select from chemical_words w where w.word >= asked and w.word < asked || U&'\+10FFFF'
            limit least(most, fewest) + 1
        ) b;
        is_inside := n = 0;
        if is_inside then
            select count(*) into n from (
                select from word_ends e join chemical_words w on w.word = e.word
                where e.ending >= asked and e.ending < asked || U&'\+10FFFF' limit least(most, fewest) + 1
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
    ), each as materialized (select distinct chemical_id from led)
    -- Each of the others as a word's beginning or inside one.
    select l.chemical_id from each l where not exists (
        select from unnest(words) o (word) where o.word <> lead
            and not exists (
                select from chemical_words w
                where w.chemical_id = l.chemical_id and w.word >= o.word and w.word < o.word || U&'\+10FFFF'
            )
            and not exists (
                select from chemical_words w where w.chemical_id = l.chemical_id and position(o.word in w.word) > 0
            )
    );
end $$;

-- Those of which a bottle of the lab may be what is searched for: 2 the name, 3 another term, 4 the beginning of the
-- name, 5 of another term, 6 all words. A text that more than 10,000 terms of the catalogue begin with, or a word that
-- more have, is looked for in the terms and words of what the lab has.
create or replace function chemicals_of_lab(lab uuid, exact text[], key text, words text[])
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
            end as begins, many_have and not exists (
                select from unnest(words) o (word)
                where not exists (
                        select from chemical_words w
                        where w.chemical_id = h.id and w.word >= o.word and w.word < o.word || U&'\+10FFFF'
                    )
                    and not exists (
                        select from chemical_words w where w.chemical_id = h.id and position(o.word in w.word) > 0
                    )
            ) as has
            from had h where h.id is not null
        )
        select j.id, coalesce(j.begins, 6) from judged j where j.begins is not null or j.has;
    end if;
end $$;

drop function chemical_has_words(uuid, text[], text);
