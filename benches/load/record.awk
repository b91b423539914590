# From Postgres' log (log_statement = all) two files, with a line in each for a statement: its SQL, and the values of its
# parameters as they are logged.
{ sub(/^[0-9-]+ [0-9:.]+ [A-Z]+ \[[0-9]+\] /, "") }
/^LOG:  execute / { sub(/^LOG:  execute [^:]*: /, ""); sql = $0; next }
/^\t/ && sql != "" { sub(/^\t */, " "); sql = sql $0; next }
/^DETAIL:  parameters: / && sql != "" {
    sub(/^DETAIL:  parameters: /, "")
    print sql > (out ".sql")
    print > (out ".values")
}
{ sql = "" }
