-- A search for words reads the shortest names first and ends when it has enough: what it answers is ordered by length.

-- In which order a search reads the chemicals that have a word: by the length of the name, and after all of these, 10,000
-- higher, those of which only a synonym has the word. A server of the version before cannot add chemicals any more.
alter table chemical_words add column rank smallint;
update chemical_words w set rank = length(c.name) + case when position(w.word in lower(c.name)) > 0 then 0 else 10000 end
from chemicals c where c.id = w.chemical_id;
alter table chemical_words
    alter column rank set not null,
    drop constraint chemical_words_pkey,
    add constraint chemical_words_pkey primary key (word, chemical_id) include (rank);

drop function chemicals_by_words(text[], int);

-- Those that have each of these words, as the beginning of a word or inside one. The word that the fewest have leads: by
-- what begins with it, or, where nothing does, by what has it inside; it takes `most` chemicals at most. Of these the other
-- words are looked for, one rank after the other, until `enough` are found (null: among all). Where the name has all words
-- it says so.
-- (Nested loops, as no plan may read all words of the catalogue.)
create function chemicals_by_words(words text[], most int, enough int default null)
returns table (chemical_id uuid, is_name boolean) language plpgsql stable set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
    asked text;
    n int;
    fewest int;
    lead text;
    lead_is_inside boolean;
    is_inside boolean;
    others text[];
    leads uuid[];
    lead_rank int;
    found int := 0;
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
    others := array_remove(words, lead);
    for leads, lead_rank in
        select array_agg(l.chemical_id), l.rank from (
            (select w.chemical_id, w.rank from chemical_words w
                where not lead_is_inside and w.word >= lead and w.word < lead || U&'\+10FFFF'
                order by w.word, w.chemical_id limit most)
            union all
            (select w.chemical_id, w.rank from word_ends e join chemical_words w on w.word = e.word
                where lead_is_inside and e.ending >= lead and e.ending < lead || U&'\+10FFFF' limit most)
        ) l group by l.rank order by l.rank
    loop
        if others = '{}' then
            return query select distinct l.id, lead_rank < 10000 from unnest(leads) l (id);
        else
            return query select l.id, lead_rank < 10000
                    and count(distinct o.word) filter (where w.rank < 10000) = cardinality(others)
                from unnest(leads) l (id) join chemical_words w on w.chemical_id = l.id
                join unnest(others) o (word) on position(o.word in w.word) > 0
                group by l.id having count(distinct o.word) = cardinality(others);
        end if;
        get diagnostics n = row_count;
        found := found + n;
        exit when found >= enough;
    end loop;
end $$;

-- The same for several texts of words, the likeliest first (n = 1), until `enough` are found.
create function chemicals_by_likeliest(texts text[], most int, enough int) returns table (chemical_id uuid, n int)
language plpgsql stable as $$
declare
    more int;
begin
    for i in 1..cardinality(texts) loop
        return query select w.chemical_id, i from chemicals_by_words(string_to_array(texts[i], ' '), most, enough) w;
        get diagnostics more = row_count;
        enough := enough - more;
        exit when enough <= 0;
    end loop;
end $$;
