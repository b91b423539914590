-- What the row of a list said that no event changes: lot, supplier, catalogue number and note. It stands in the first
-- event of a bottle that an import brought, and a list that comes again is compared with it, and not with what people
-- have written since. Null: nothing of the kind was kept, as in lines of an earlier version.
alter table stock_events add column brought jsonb;
