-- Whom other labs ask for what this one has: as the lab says it, since the phones of its people are for itself.
alter table labs add column contact text;
