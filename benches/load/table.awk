# The results of scripts/bench as a table: the median of each column over the rounds. A ratio is taken within its round.
BEGIN { FS = "\t"; operations = split(order, operation, ",") }
{
    i = ++rounds[$1, $2]
    for (column = 3; column <= 7; column++) figure[$1, $2, column, i] = $column
}
END {
    print "| operation | requests/s | p50 ms | p99 ms | pgbench/s | p50 | p99 | x/floor | CPU s per 1,000: server | Postgres | pgbench's | cpu/floor |"
    print "| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |"
    for (i = 1; i <= operations; i++) line(operation[i])
}

function line(op, i, n, x, cpu) {
    n = rounds[op, "server"]
    if (!n) return
    printf "| %s | %.0f | %.1f | %.1f ", op, median(op, "server", 3), median(op, "server", 4), median(op, "server", 5)
    if (!rounds[op, "floor"]) {
        printf "| | | | | %.3f | %.3f | | |\n", median(op, "server", 6), median(op, "server", 7)
        return
    }
    for (i = 1; i <= n; i++) {
        figure[op, "ratio", 1, i] = figure[op, "server", 3, i] / figure[op, "floor", 3, i]
        figure[op, "ratio", 2, i] = (figure[op, "server", 6, i] + figure[op, "server", 7, i]) / figure[op, "floor", 7, i]
    }
    rounds[op, "ratio"] = n
    printf "| %.0f | %.1f | %.1f | %.2f ", median(op, "floor", 3), median(op, "floor", 4), median(op, "floor", 5), median(op, "ratio", 1)
    printf "| %.3f | %.3f | %.3f | %.2f |\n", median(op, "server", 6), median(op, "server", 7), median(op, "floor", 7), median(op, "ratio", 2)
}

function median(op, who, column, n, i, j, kept, sorted) {
    n = rounds[op, who]
    for (i = 1; i <= n; i++) {
        kept = figure[op, who, column, i] + 0
        for (j = i - 1; j > 0 && sorted[j] > kept; j--) sorted[j + 1] = sorted[j]
        sorted[j + 1] = kept
    }
    return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}
