//! Merges two files of Pharaoh links: `symmetrize FORWARD REVERSE METHOD`. For comparisons with other programs
//! (`benches/peers/symmetrize.py`).

use std::error::Error;
use std::fs;

use xlner_align::symmetrize::{Symmetrize, symmetrize};
use xlner_core::Alignment;

fn read(path: &str) -> Result<Vec<Alignment>, Box<dyn Error>> {
    let mut alignments = Vec::new();
    for (index, line) in fs::read_to_string(path)?.lines().enumerate() {
        let mut links = Vec::new();
        for link in line.split_whitespace() {
            let parts = link.split_once('-').ok_or_else(|| format!("{path}:{}: “{link}” is no link", index + 1))?;
            links.push((parts.0.parse()?, parts.1.parse()?));
        }
        alignments.push(Alignment::from_pairs(links));
    }
    Ok(alignments)
}

fn main() -> Result<(), Box<dyn Error>> {
    let [forward, reverse, method] =
        std::env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| "3 arguments")?;
    let method: Symmetrize = method.parse()?;
    let (forward, reverse) = (read(&forward)?, read(&reverse)?);
    if forward.len() != reverse.len() {
        return Err(format!("{} and {} lines", forward.len(), reverse.len()).into());
    }
    for (forward, reverse) in forward.iter().zip(&reverse) {
        let all = || forward.links().iter().chain(reverse.links());
        let source_len = all().map(|link| link.source as usize + 1).max().unwrap_or(0);
        let target_len = all().map(|link| link.target as usize + 1).max().unwrap_or(0);
        let merged = symmetrize(forward, reverse, source_len, target_len, method)?;
        let line: Vec<String> = merged.links().iter().map(|l| format!("{}-{}", l.source, l.target)).collect();
        println!("{}", line.join(" "));
    }
    Ok(())
}
