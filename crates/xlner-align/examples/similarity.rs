//! Links of matrices by every extraction, for comparisons with other programs (`benches/peers/similarity.py`).
//!
//! Reads matrices from standard input, one a line: rows, columns, distortion, α of entmax, uncertainty kept, then the values,
//! separated by spaces. Writes one line a matrix: the links of argmax, itermax, match, argmax without uncertain links, softmax
//! and entmax, separated by tabs; a link is `source-target-probability`. With `--time REPEAT` it writes nothing but seconds
//! per extraction for REPEAT runs over all matrices.

use std::error::Error;
use std::io::Read;
use std::time::Instant;

use xlner_align::similarity::{Extraction, Similarity, null};
use xlner_core::Alignment;

struct Case {
    similarity: Similarity,
    alpha: f64,
    uncertainty: f64,
}

impl Case {
    fn parse(line: &str) -> Result<Case, Box<dyn Error>> {
        let numbers: Vec<f64> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let [rows, columns, distortion, alpha, uncertainty, ref values @ ..] = numbers[..] else {
            return Err("a line has at least 5 numbers".into());
        };
        let similarity = Similarity::new(values, rows as usize, columns as usize)?.distort(distortion)?;
        Ok(Case { similarity, alpha, uncertainty })
    }

    fn extract(&self, extraction: Extraction) -> xlner_core::Result<Alignment> {
        match extraction {
            Extraction::Entmax { threshold, .. } => Extraction::Entmax { alpha: self.alpha, threshold },
            extraction => extraction,
        }
        .extract(&self.similarity)
    }
}

fn written(alignment: &Alignment) -> String {
    let links: Vec<String> =
        alignment.links().iter().map(|l| format!("{}-{}-{}", l.source, l.target, l.probability)).collect();
    links.join(" ")
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let cases: Vec<Case> = text.lines().map(Case::parse).collect::<Result<_, _>>()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, repeat] = &arguments[..] {
        if flag != "--time" {
            return Err("--time REPEAT is the only flag".into());
        }
        let repeat: usize = repeat.parse()?;
        for extraction in Extraction::ALL {
            let start = Instant::now();
            for case in (0..repeat).flat_map(|_| &cases) {
                std::hint::black_box(case.extract(extraction)?);
            }
            println!("{extraction} {}", start.elapsed().as_secs_f64());
        }
        return Ok(());
    }
    for case in &cases {
        let [argmax, itermax, matching, softmax, entmax] = Extraction::ALL;
        let one = case.extract(argmax)?;
        let certain = null::drop_uncertain(&case.similarity, &one, case.uncertainty)?;
        let columns = [
            one,
            case.extract(itermax)?,
            case.extract(matching)?,
            certain,
            case.extract(softmax)?,
            case.extract(entmax)?,
        ];
        println!("{}", columns.each_ref().map(written).join("\t"));
    }
    Ok(())
}
