-- A login as Postgres sees it: three statements for a code, two when it is traded. Their values are those of a login that
-- the server has just done. What sends the messages afterwards is left out.
\set phone random(1, 5999)
\set area 201 + :phone / 100
\set line 100 + :phone % 100
\set i :i + 1
\set n 100000000000 + 1000 * :i + :client_id
@recorded not exists (select from users) as nobody_yet
@end ;
@recorded order by coalesce(code_hash = $1, false) desc
@end ;
@recorded select array(select scope from over) as over
@end ;
@recorded from messages m join login_failures f
@end ;
@recorded ), welcome as (
@end ;
