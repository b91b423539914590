//! What a request pays for its access token. `cargo bench --bench tokens`.

use std::hint::black_box;
use std::time::Duration;

use chemstock::base::tokens::{KeyRing, Tokens};
use chrono::DateTime;
use criterion::{Criterion, criterion_group, criterion_main};
use uuid::Uuid;

fn tokens() -> Tokens {
    let ring = KeyRing::from_pems(&[KeyRing::generate_pem()]).expect("a key of our own making");
    Tokens::new(ring, "https://chemstock.example.org", "chemstock", Duration::from_mins(10))
}

fn bench(criterion: &mut Criterion) {
    let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a year that exists");
    let tokens = tokens();
    let sign = || tokens.sign(Uuid::now_v7(), Uuid::now_v7(), now.timestamp(), vec!["sms".to_owned()], now).0;

    criterion.bench_function("sign", |bencher| bencher.iter(sign));

    // More tokens than the cache holds would be needed to make it forget: a batch of new ones for every pass.
    criterion.bench_function("verify cold", |bencher| {
        bencher.iter_batched(sign, |token| tokens.verify(black_box(&token), now), criterion::BatchSize::SmallInput);
    });

    let token = sign();
    tokens.verify(&token, now).expect("our own token");
    criterion.bench_function("verify cached", |bencher| {
        bencher.iter(|| tokens.verify(black_box(&token), now));
    });
}

criterion_group!(benches, bench);
criterion_main!(benches);
