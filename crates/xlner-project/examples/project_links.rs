//! Projects gold English entities of Europarl-NER along given links by every method; prints, tab-separated, method, links,
//! language, F1, objective, sentences proven optimal, seconds (the projection of all pairs, best of the given number of
//! rounds, one thread). A second number takes only that many first pairs.
//!
//! ```bash
//! cargo run --release -p xlner-project --example project_links -- 5
//! ```

#[path = "../tests/it/support/mod.rs"]
mod support;

use std::time::Instant;

use xlner_project::Workspace;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rounds: usize = std::env::args().nth(1).map_or(Ok(1), |text| text.parse())?;
    let count: usize = std::env::args().nth(2).map_or(Ok(usize::MAX), |text| text.parse())?;
    let Some(folder) = support::europarl() else { return Ok(()) };
    let mut workspace = Workspace::default();
    for links in support::LINKS {
        for language in support::LANGUAGES {
            let (mut pairs, mut gold) = support::read_pairs(&folder, language, links)?;
            pairs.truncate(count);
            gold.truncate(count);
            for (name, projector) in support::methods() {
                let mut seconds = f64::INFINITY;
                let mut outcome = support::project(&projector, &pairs, &mut workspace)?;
                for _ in 0..rounds {
                    let start = Instant::now();
                    outcome = support::project(&projector, &pairs, &mut workspace)?;
                    seconds = seconds.min(start.elapsed().as_secs_f64());
                }
                let f1 = support::f1(&gold, &outcome.predicted);
                let (objective, proven) = (outcome.objective, outcome.proven);
                println!("{name}\t{links}\t{language}\t{f1:.4}\t{objective:.6}\t{proven}\t{seconds:.6}");
            }
        }
    }
    Ok(())
}
