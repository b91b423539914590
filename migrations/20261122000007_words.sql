-- Search at the same cost in any catalogue: B-trees over words, where a trigram index reads more the more there is.

drop index chemical_terms_trgm_idx;
drop index containers_trgm_idx;

-- The words in a chemical's names, in lower case: three characters or more, one of them a letter; cut at sixty.
create table chemical_words (
    word text collate "C" not null,
    chemical_id uuid not null references chemicals on delete cascade,
    constraint chemical_words_pkey primary key (word, chemical_id)
);
create index chemical_words_chemical_idx on chemical_words (chemical_id, word);

-- Every word there has been, under each of its endings: what begins an ending stands inside the word. A word may be
-- there twice, as no lock keeps two writers apart who bring it at once.
create table word_ends (
    ending text collate "C" not null,
    word text collate "C" not null
);
create index word_ends_ending_idx on word_ends (ending, word);

insert into chemical_words (chemical_id, word)
select distinct c.id, left(w.word, 60)
from chemicals c, unnest(c.synonyms || c.name) n (name), regexp_split_to_table(lower(n.name), '[^[:alnum:]]+') w (word)
where length(w.word) >= 3 and w.word ~ '[[:alpha:]]';

insert into word_ends (ending, word)
select substr(w.word, start), w.word
from (select distinct word from chemical_words) w, generate_series(1, length(w.word) - 2) start;

-- The next two are in PL/pgSQL, which keeps their plans; SQL would be planned anew inside each search.

-- Those that have each of these words, or one that it is a part of. Led by the word that the fewest have, and of that
-- one by a thousand at most.
create function chemicals_by_words(words text[]) returns table (chemical_id uuid) language plpgsql stable as $$
#variable_conflict use_column
begin
    return query with asked as materialized (
        select word, n from unnest(words) with ordinality a (word, n)
    ), beginning as materialized (
        select a.n, m.chemical_id from asked a cross join lateral (
            select w.chemical_id from chemical_words w where w.word >= a.word and w.word < a.word || U&'\+10FFFF'
            order by w.word, w.chemical_id limit 1000
        ) m
    ), inside as materialized (
        select a.n, m.chemical_id from asked a cross join lateral (
            select w.chemical_id from word_ends e join chemical_words w on w.word = e.word
            where e.ending >= a.word and e.ending < a.word || U&'\+10FFFF' limit 1000
        ) m where a.n not in (select n from beginning)
    ), found as materialized (
        table beginning union all table inside
    ), lead as materialized (
        select n from found where (select count(distinct n) from found) = cardinality(words)
        group by n order by count(*) limit 1
    )
    select distinct f.chemical_id from found f join lead using (n)
    where not exists (
        select from asked o where o.n <> f.n and not exists (
            select from chemical_words w where w.chemical_id = f.chemical_id and position(o.word in w.word) > 0
        )
    ) limit 200;
end $$;

-- Those that have all but one of these words, and in the place of that one a word that begins with one of its slips; a
-- short slip has to be the whole word.
create function chemicals_by_slip(words text[], slips text[], slip_of int[]) returns table (chemical_id uuid)
language plpgsql stable as $$
#variable_conflict use_column
begin
    return query with found as materialized (
        select s.n, m.chemical_id from unnest(slips, slip_of) s (slip, n) cross join lateral (
            select w.chemical_id from chemical_words w
            where w.word >= s.slip
                and w.word <= case when length(s.slip) < 5 then s.slip else s.slip || U&'\+10FFFF' end
            order by w.word, w.chemical_id limit 200
        ) m limit 2000
    )
    select distinct f.chemical_id from found f
    where not exists (
        select from unnest(words) with ordinality o (word, n) where o.n <> f.n and not exists (
            select from chemical_words w where w.chemical_id = f.chemical_id and position(o.word in w.word) > 0
        )
    ) limit 200;
end $$;

-- What stands on a bottle, in any case, and by how it begins.
drop index containers_lot_idx;
create index containers_lot_idx on containers (lab_id, (upper(lot) collate "C"), id) where lot is not null;
create index containers_label_idx on containers (lab_id, (upper(code) collate "C"), id);
