//! What `scripts/bench` measures is what the product asks: each query that it names is one of the build's, with a value
//! for each of its parameters.

use regex::Regex;
use serde_json::Value;

use super::layers::sources::{files_of, read};

/// The queries of the build as the benches see them, each with the number of its parameters.
fn queries() -> Vec<(String, usize)> {
    let line_break = Regex::new(r"\n *").expect("a pattern");
    let remark = Regex::new(r#""([a-z_]+)[!?]?(: [^"]*)?""#).expect("a pattern");
    let of = |file: &String| {
        let data: Value = serde_json::from_str(&read(file)).expect("query data");
        let query = line_break.replace_all(data["query"].as_str().expect("a query"), " ").into_owned();
        let parameters = data["describe"]["parameters"]["Left"].as_array().expect("parameters").len();
        (remark.replace_all(&query, "$1").into_owned(), parameters)
    };
    files_of(".sqlx", "json").iter().map(of).collect()
}

#[test]
fn each_query_that_is_measured_is_one_of_the_product_with_all_its_parameters() {
    let (queries, value) = (queries(), Regex::new(r"^\$\d+ = ").expect("a pattern"));
    let mut measured = 0;
    for file in files_of("benches/load", "sql") {
        let text = read(&file);
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let Some(named) = line.strip_prefix("@query ") else { continue };
            let found: Vec<_> = queries.iter().filter(|(query, _)| query.contains(named)).collect();
            assert_eq!(found.len(), 1, "queries of the build with `{named}`, which {file} names");
            let mut values = 0;
            while lines.next_if(|line| value.is_match(line)).is_some() {
                values += 1;
            }
            assert_eq!(values, found[0].1, "values for `{named}` in {file}");
            measured += 1;
        }
    }
    assert!(measured > 30, "{measured} queries");
}

/// Without them pgbench would plan otherwise than the product.
#[test]
fn what_the_product_tells_the_planner_is_where_the_bench_reads_it() {
    let told = read("src/platform/connecting.rs");
    let told = told.lines().find(|line| line.starts_with("const PLANNING")).expect("the line that scripts/bench reads");
    assert_eq!(told.matches("set ").count(), 3, "{told}");
    assert!(read("scripts/bench").contains("grep '^const PLANNING' src/platform/connecting.rs"));
}
