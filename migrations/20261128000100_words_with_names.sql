-- A search for words that many names have reads the names themselves, the shortest first, and looks nothing else up.

-- The name that has the word, folded; null where only a synonym has it. A server of the version before leaves it out, and
-- such a chemical is found among few, as those that only have the words in synonyms are.
alter table chemical_words add column name text collate "C";
update chemical_words w set name = t.term, rank = length(c.name)
from chemical_terms t join chemicals c on c.id = t.chemical_id
where t.chemical_id = w.chemical_id and t.kind = 0 and position(' ' || w.word || ' ' in ' ' || t.term || ' ') > 0;
create index chemical_words_name_idx on chemical_words (rank, word, chemical_id) include (name) where name is not null;

-- Of these words the one that the fewest chemicals have: by what begins with it, or, where nothing does, by what has it
-- inside. None is counted any further than `most`, or than the fewest so far; of those that have more than `most` the first
-- that begins something is answered.
-- (Here and below: nested loops, as no plan may read all words of the catalogue, and one plan for all words, as making one
-- costs more than most searches.)
create function rarest_word(words text[], most int, out word text, out is_inside boolean, out chemicals int)
language plpgsql stable set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan as $$
declare
    asked text;
    n int;
    inside boolean;
begin
    foreach asked in array words loop
        select count(*) into n from (
            select from chemical_words w where w.word >= asked and w.word < asked || U&'\+10FFFF'
            limit least(most, chemicals) + 1
        ) b;
        inside := n = 0;
        if inside then
            select count(*) into n from (
                select from word_ends e join chemical_words w on w.word = e.word
                where e.ending >= asked and e.ending < asked || U&'\+10FFFF' limit least(most, chemicals) + 1
            ) i;
        end if;
        if chemicals is null or n < chemicals or n > most and is_inside and not inside then
            chemicals := n;
            word := asked;
            is_inside := inside;
        end if;
        exit when n = 0;
    end loop;
end $$;

-- `enough` chemicals whose name has all these words, and as many more as have a name as short as the last: the shortest
-- names that have the first word at the beginning of one of theirs, `most` of them. A name of which several words begin so
-- counts once, by the first of these.
create function chemicals_named_with(lead text, words text[], most int, enough int) returns setof uuid
language plpgsql stable set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan as $$
declare
    inside constant text[] := array(select '%' || word || '%' from unnest(words) word);
    longest constant int := max(rank) from chemical_words where name is not null;
begin
    return query select n.chemical_id from (
            select r.rank, w.chemical_id, w.word, w.name
            from (select rank from generate_series(1, longest) rank order by rank) r
                join chemical_words w on w.rank = r.rank and w.name is not null
                    and w.word >= lead and w.word < lead || U&'\+10FFFF'
            order by r.rank limit most
        ) n
        where n.name like all (inside)
            and position(' ' || n.word in ' ' || n.name) = position(' ' || lead in ' ' || n.name)
        order by n.rank fetch first enough rows with ties;
end $$;

-- Those that have each of these words, as the beginning of a word or inside one; is_name where the name has all of them.
-- Where all words are common, the shortest names that have them are read, and they are the answer when they are `enough`
-- (null: all are asked for). Else the rarest word leads: of the chemicals that have it, `most` of them, the other words are
-- looked for, the shortest names first and what has it in synonyms last, until `enough` are found.
create or replace function chemicals_by_words(words text[], most int, enough int default null)
returns table (chemical_id uuid, is_name boolean) language plpgsql stable
set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
    few constant int := 500;
    lead record := rarest_word(words, least(most, few));
    named uuid[];
    others text[];
begin
    if lead.chemicals > few and not lead.is_inside and enough is not null then
        named := array(select distinct id from chemicals_named_with(lead.word, words, most, enough) id);
        if cardinality(named) >= enough then
            return query select id, true from unnest(named) id;
            return;
        end if;
    end if;
    if lead.chemicals > few and cardinality(words) > 1 then
        lead := rarest_word(words, most);
    end if;
    others := array(select '%' || word || '%' from unnest(words) word where word <> lead.word);
    return query select l.chemical_id, exists (
            select from chemical_words w
            where w.chemical_id = l.chemical_id and w.name like '%' || lead.word || '%' and w.name like all (others)
        )
        from (
            select w.chemical_id, min(w.rank) as rank from (
                (select w.chemical_id, w.rank from chemical_words w
                    where not lead.is_inside and w.word >= lead.word and w.word < lead.word || U&'\+10FFFF'
                    order by w.word, w.chemical_id limit most)
                union all
                (select w.chemical_id, w.rank from word_ends e join chemical_words w on w.word = e.word
                    where lead.is_inside and e.ending >= lead.word and e.ending < lead.word || U&'\+10FFFF' limit most)
            ) w group by w.chemical_id order by rank
        ) l
        where not exists (
            select from unnest(others) o (word) where not exists (
                select from chemical_words w where w.chemical_id = l.chemical_id and w.word like o.word
            )
        )
        order by l.rank fetch first coalesce(enough, most) rows with ties;
end $$;
