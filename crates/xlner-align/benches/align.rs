//! Training and posteriors on 500 made-up pairs of 20 tokens, one thread.

#[path = "../tests/it/support/mod.rs"]
mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use xlner_align::{Bitext, Model, Scratch, TrainOptions};

fn align(c: &mut Criterion) {
    let pairs = support::made_up(500, 20);
    let mut bitext = Bitext::default();
    pairs.iter().for_each(|(source, target)| bitext.push(source, target));
    let options = TrainOptions::default();
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread can be started");
    let mut group = c.benchmark_group("align");
    group.sample_size(10);
    group.bench_function("train", |b| {
        b.iter(|| one.install(|| Model::train(black_box(&bitext), &options, None, &mut |_| ())));
    });
    let model = Model::train(&bitext, &options, None, &mut |_| ());
    let mut scratch = Scratch::default();
    group.bench_function("posteriors", |b| {
        b.iter(|| {
            for (source, target) in &pairs {
                black_box(model.posteriors_with(source, target, &mut scratch));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, align);
criterion_main!(benches);
