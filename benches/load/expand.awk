# Puts the product's SQL into a script for pgbench (floor/*.sql) or psql (lists.sql). First file: the queries of the
# build, one a line. In the second:
#   @query TEXT   the one query that contains the text; `$n = value` lines follow, and for pgbench
#   @end WORD     how its statement ends: `;`, or `\gset prefix` to keep what it reads
#   @list NAME    what the next query lists; explained at its sixth execution, when Postgres may stop looking at the
#                 parameters
NR == FNR { queries[++known] = $0; next }
/^@list / { explain(); name = substr($0, 7); next }
/^@query / { sql = find(substr($0, 8)); delete value; bound = 0; next }
/^@end/ { statement(substr($0, 6)); next }
/^\$[0-9]+ = / && sql != "" { value[substr($1, 2)] = substr($0, length($1) + 4); bound++; next }
{ print }
END { if (!failed) explain() }

function find(text, i, found, matches) {
    for (i = 1; i <= known; i++)
        if (index(queries[i], text)) { found = queries[i]; matches++ }
    if (matches != 1) fail(matches + 0 " queries contain: " text)
    return found
}

function statement(ending, rest, out) {
    for (rest = sql; match(rest, /\$[0-9]+/); rest = substr(rest, RSTART + RLENGTH))
        out = out substr(rest, 1, RSTART - 1) "(" parameter(substr(rest, RSTART + 1, RLENGTH - 1)) ")"
    print out rest (ending == ";" ? "" : " ") ending
    sql = ""
}

function parameter(number) {
    if (!(number in value)) fail("no value for $" number " of: " sql)
    return value[number]
}

function explain(i, values) {
    if (name == "") return
    for (i = 1; i <= bound; i++) values = values (i > 1 ? ", " : "") parameter(i)
    printf "prepare q as %s;\n\\o /dev/null\n", sql
    for (i = 1; i <= 5; i++) printf "execute q(%s);\n", values
    printf "\\o\n\\echo '== %s'\n", name
    printf "explain (analyze, buffers, costs off, timing off) execute q(%s);\ndeallocate q;\n", values
    sql = name = ""
}

function fail(why) { print "expand.awk: " why > "/dev/stderr"; failed = 1; exit 1 }
