//! How long the values take that are parsed with every request.

use std::hint::black_box;

use chemistry::{CasNumber, Density, Factors, Formula, Quantity, Scanned, Unit};
use criterion::{Criterion, criterion_group, criterion_main};

fn parse(criterion: &mut Criterion) {
    criterion.bench_function("parse a CAS number", |bencher| {
        bencher.iter(|| black_box("1234567-89-5").parse::<CasNumber>());
    });
    criterion.bench_function("parse a formula and weigh it", |bencher| {
        bencher.iter(|| black_box("K4[Fe(CN)6].3H2O").parse::<Formula>().map(|formula| formula.molar_mass()));
    });
    criterion.bench_function("parse a scan of GS1", |bencher| {
        bencher.iter(|| Scanned::parse(black_box("]d201095060001343521727123110LOT-7\u{1d}21S1")));
    });
    criterion.bench_function("parse a scan of text", |bencher| {
        bencher.iter(|| Scanned::parse(black_box("Acetone p.a. 2.5 L")));
    });
}

fn convert(criterion: &mut Criterion) {
    let bottle: Quantity = serde_json::from_str(r#"{"value": "2.5", "unit": "[gal_us]"}"#).expect("a quantity");
    let density: Density = "0.7893".parse().expect("a density");
    criterion.bench_function("convert gallons to litres", |bencher| {
        bencher.iter(|| black_box(bottle).in_unit(Unit::Litre, Factors::NONE));
    });
    criterion.bench_function("convert gallons to kilograms", |bencher| {
        bencher.iter(|| {
            black_box(bottle).in_unit(Unit::Kilogram, Factors { density: Some(black_box(density)), molar_mass: None })
        });
    });
}

criterion_group!(benches, parse, convert);
criterion_main!(benches);
