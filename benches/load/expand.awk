# Puts the product's SQL into a script for pgbench (floor/*.sql) or psql (lists.sql). First file: the queries of the
# build, one a line, each with the types of its parameters after a tab. In the second:
#   @query TEXT   the one query that contains the text; `$n = value` lines follow, and for pgbench
#   @end WORD     how its statement ends: `;`, or `\gset prefix` to keep what it reads
#   @recorded TEXT  the same for a query that `-v recorded=FILE` holds (record.awk), with the values from there
#   @list NAME    what the next query lists; explained at its sixth execution, when Postgres may stop looking at the
#                 parameters
BEGIN {
    while (recorded != "" && (getline line < recorded) > 0) values_of[head(line)] = tail(line)
    hex4 = "[0-9a-f][0-9a-f][0-9a-f][0-9a-f]"
    uuid = hex4 hex4 "-" hex4 "-" hex4 "-" hex4 "-" hex4 hex4 hex4
    bytes = "x" hex4 hex4 hex4 hex4
}
NR == FNR { queries[++known] = head($0); types[head($0)] = tail($0); next }
/^@list / { explain(); name = substr($0, 7); next }
/^@query / { sql = find(substr($0, 8)); delete value; bound = 0; next }
/^@recorded / { only = "recorded"; sql = find(substr($0, 11)); only = ""; take_values(values_of[sql]); next }
/^@end/ { statement(substr($0, 6)); next }
/^\$[0-9]+ = / && sql != "" { value[substr($1, 2)] = substr($0, length($1) + 4); bound++; next }
{ print }
END { if (!failed) explain() }

function find(text, i, found, matches) {
    for (i = 1; i <= known; i++)
        if (index(queries[i], text) && (only == "" || queries[i] in values_of)) { found = queries[i]; matches++ }
    if (matches != 1) fail(matches + 0 " " only " queries contain: " text)
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

function head(line) { sub(/\t.*/, "", line); return line }
function tail(line) { sub(/^[^\t]*\t?/, "", line); return line }

# The values of a statement as Postgres logs them, each with its type: `$1 = 'it''s', $2 = NULL`.
function take_values(text, i, type, logged) {
    delete value
    split(types[sql], type, ",")
    for (i = 1; match(text, /^(, )?\$[0-9]+ = (NULL|'([^']|'')*')/); i++) {
        logged = substr(text, 1, RLENGTH)
        text = substr(text, RLENGTH + 1)
        value[i] = fresh(logged) "::" type[i]
    }
    if (text != "") fail("not understood: " text)
}

# Ids and hashes become others in every run of the script, the same in all of its statements, and the phone any phone.
function fresh(text, done, id) {
    sub(/^(, )?\$[0-9]+ = /, "", text)
    gsub(/\+12025550107/, "+1' || :area || '5550' || :line || '", text)
    gsub(/\+1202555/, "+1' || :area || '555", text)
    for (; match(text, uuid); text = substr(text, RSTART + RLENGTH)) {
        id = substr(text, RSTART, RLENGTH)
        if (!(id in kinds)) kinds[id] = sprintf("01a0%04d-0000-7000-8000-", ++kind)
        done = done substr(text, 1, RSTART - 1) kinds[id] "' || :n || '"
    }
    text = done text
    for (done = ""; match(text, bytes); text = substr(text, RSTART + RLENGTH))
        done = done substr(text, 1, RSTART) "0000' || :n || '"
    return "(" done text ")"
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
