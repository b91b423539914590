# Passes the plans of lists.sql on and judges each: no sequential scan of a table that grows, no step over more than
# 5,000 rows (so no sort of more), and no filter that throws away more than ten times what the list returns, unless a
# limit holds it under 2,000.
/^== / { verdict(); name = substr($0, 4); returned = -1; faults = ""; print ""; print; next }
{ print }
match($0, /rows=[0-9]+ loops=[0-9]+/) {
    split(substr($0, RSTART, RLENGTH), part, /[= ]/)
    rows = part[2] * part[4]
    loops = part[4]
    if (returned < 0) returned = rows
    if (rows > 5000) fault(rows " rows in one step")
    if (/Seq Scan on (containers|chemicals|chemical_terms|chemical_words|word_ends|locations|stock_events|users|memberships|sessions)/ && loops > 0) fault("a sequential scan")
}
/Rows Removed by/ {
    removed = $NF * loops
    if (removed > 10 * (returned > 1 ? returned : 1) && removed > 2000) fault(removed " rows read to be thrown away")
}
END {
    verdict()
    print "\n" lists " lists, " bad + 0 " of them grow with their tables" (bad ? ":" summary : "")
}

function fault(what) { faults = faults "; " what }

function verdict() {
    if (name == "") return
    lists++
    if (faults != "") { bad++; summary = summary "\n  " name faults; print "-- FALLS SHORT" faults }
}
