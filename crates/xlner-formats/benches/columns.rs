//! Reading columns: 100,000 sentences, 2.5 M tokens, as tags and as sentences.
//!
//! `cargo bench -p xlner-formats --bench columns`

use std::hint::black_box;
use std::io::Write as _;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use xlner_formats::{ReadOptions, Tagged, read_sentences, read_tags};

const SENTENCES: usize = 100_000;
const TOKENS: usize = 25;

/// A file of invented words; every fifth token is in an entity.
fn file(separator: char) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".conll").tempfile().unwrap();
    let mut text = String::new();
    for sentence in 0..SENTENCES {
        for token in 0..TOKENS {
            let tag = match token % 10 {
                3 => "B-PER",
                4 => "I-PER",
                _ => "O",
            };
            let word = (sentence * 31 + token * 17) % 5003;
            text.push_str(&format!("wörd{word}{separator}{tag}\n"));
        }
        text.push('\n');
    }
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn columns(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("columns");
    group.throughput(Throughput::Elements((SENTENCES * TOKENS) as u64)).sample_size(10);
    for (name, separator) in [("tabs", '\t'), ("spaces", ' ')] {
        let file = file(separator);
        group.bench_function(format!("tags/{name}"), |bencher| {
            bencher.iter(|| {
                let mut reader = read_tags(file.path(), &ReadOptions::default()).unwrap();
                let (mut tagged, mut tokens) = (Tagged::new(), 0);
                while reader.next_into(&mut tagged).unwrap() {
                    tokens += black_box(&tagged).len();
                }
                assert_eq!(tokens, SENTENCES * TOKENS);
            });
        });
        group.bench_function(format!("sentences/{name}"), |bencher| {
            bencher.iter(|| {
                let reader = read_sentences(file.path(), &ReadOptions::default()).unwrap();
                assert_eq!(reader.map(|sentence| sentence.unwrap().len()).sum::<usize>(), SENTENCES * TOKENS);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, columns);
criterion_main!(benches);
