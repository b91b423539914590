-- Lists that have brought bottles into a lab under codes that were made for them, by the name of their file: where the file
-- of their codes is lost, a row that is new may be one that was changed.
create table imported_lists (
    lab_id uuid not null references labs on delete cascade,
    name text not null,
    primary key (lab_id, name)
);
