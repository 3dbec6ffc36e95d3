//! The figures as JSON.

use anyhow::Result;
use serde::Serialize;
use xlner_eval::{AlignmentEvaluation, Comparison, Evaluation, Report};

#[derive(Serialize)]
struct Entities<'a> {
    signature: &'a str,
    sentences: u64,
    tokens: u64,
    #[serde(flatten)]
    figures: Figures<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Figures<'a> {
    One(&'a Evaluation),
    Several { systems: Vec<Named<'a, Evaluation>>, comparisons: &'a [Comparison] },
}

#[derive(Serialize)]
struct Named<'a, T> {
    name: &'a str,
    #[serde(flatten)]
    figures: &'a T,
}

pub fn entities(report: &Report) -> Result<String> {
    let figures = match report.systems.as_slice() {
        [one] => Figures::One(one),
        several => Figures::Several {
            systems: several.iter().map(|figures| Named { name: &figures.name, figures }).collect(),
            comparisons: &report.comparisons,
        },
    };
    let Report { signature, sentences, tokens, .. } = report;
    write(&Entities { signature, sentences: *sentences, tokens: *tokens, figures })
}

pub fn alignments(systems: &[(String, AlignmentEvaluation)]) -> Result<String> {
    match systems {
        [(_, one)] => write(one),
        several => {
            let systems: Vec<_> = several.iter().map(|(name, figures)| Named { name, figures }).collect();
            write(&serde_json::json!({ "systems": systems }))
        }
    }
}

fn write(value: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}
