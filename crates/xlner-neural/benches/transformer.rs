//! The parts of transformers, in the sizes of MiniLM (384 values, 12 heads), on 512 rows: 16 sentences of 32 sub-words.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use xlner_neural::Precision;
use xlner_neural::nn::{Activation, Heads, LayerNorm, Linear, attend};

const ROWS: usize = 512;
const LENGTH: usize = 32;
const HIDDEN: usize = 384;
const INNER: usize = 1536;
const HEADS: usize = 12;

fn values(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn linear(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("linear");
    // Multiplications and additions.
    group.throughput(Throughput::Elements(2 * (ROWS * HIDDEN * INNER) as u64));
    let (rows, weight) = (values(ROWS * HIDDEN, 1), values(INNER * HIDDEN, 2));
    for precision in [Precision::F32, Precision::Int8] {
        let layer = Linear::new(&weight, Some(values(INNER, 3)), HIDDEN, precision);
        let mut output = Vec::new();
        group.bench_function(precision.as_str(), |bencher| bencher.iter(|| layer.forward_into(&rows, &mut output)));
    }
    group.finish();
}

fn attention(criterion: &mut Criterion) {
    let (data, width) = (values(ROWS * 3 * HIDDEN, 4), HIDDEN / HEADS);
    let mut output = vec![0.0; LENGTH * HIDDEN];
    let mut group = criterion.benchmark_group("attention");
    group.throughput(Throughput::Elements((ROWS / LENGTH) as u64));
    group.bench_function("sentences", |bencher| {
        bencher.iter(|| {
            for data in data.chunks_exact(LENGTH * 3 * HIDDEN) {
                let parts =
                    [0, 1, 2].map(|part| Heads { data, start: part * HIDDEN, stride: 3 * HIDDEN, rows: LENGTH });
                attend(parts, HEADS, width, (width as f32).sqrt().recip(), |_, _| {}, &mut output);
            }
        });
    });
    group.finish();
}

fn between(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("between");
    let (inner, rows) = (values(ROWS * INNER, 5), values(ROWS * HIDDEN, 6));
    let norm = LayerNorm::new(values(HIDDEN, 7), values(HIDDEN, 8), 1e-12);
    group.throughput(Throughput::Elements((ROWS * INNER) as u64));
    group.bench_function("gelu", |bencher| {
        bencher.iter_batched_ref(|| inner.clone(), |inner| Activation::Gelu.apply(inner), BatchSize::LargeInput);
    });
    group.throughput(Throughput::Elements((ROWS * HIDDEN) as u64));
    group.bench_function("norm", |bencher| {
        bencher.iter_batched_ref(|| rows.clone(), |rows| norm.apply(rows), BatchSize::LargeInput);
    });
    group.finish();
}

criterion_group!(benches, linear, attention, between);
criterion_main!(benches);
