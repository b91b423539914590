-- What a person wants of messages, and a second way to reach them.

alter table users
    -- BCP 47; null: as the client asks for it.
    add column language text,
    -- Only once a code that went there has come back. Not unique: it finds nobody, the phone does.
    add column email text;
