-- Somebody queued the job once more while it ran, when it had read what it works on.
alter table jobs add column runs_again boolean not null default false;
