//! The figures as JSON.

use anyhow::Result;
use serde::Serialize;
use xlner_eval::{AlignmentEvaluation, Calibration, Comparison, Evaluation, Report};

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
    One {
        #[serde(flatten)]
        figures: &'a Evaluation,
        #[serde(skip_serializing_if = "Option::is_none")]
        calibration: Option<&'a Calibration>,
    },
    Several {
        systems: Vec<Calibrated<'a>>,
        comparisons: &'a [Comparison],
    },
}

#[derive(Serialize)]
struct Named<'a, T> {
    name: &'a str,
    #[serde(flatten)]
    figures: &'a T,
}

#[derive(Serialize)]
struct Calibrated<'a> {
    #[serde(flatten)]
    named: Named<'a, Evaluation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calibration: Option<&'a Calibration>,
}

/// `calibration`: of every system whose entities carry probabilities.
pub fn entities(report: &Report, calibration: &[Option<Calibration>]) -> Result<String> {
    let figures = match report.systems.as_slice() {
        [one] => Figures::One { figures: one, calibration: calibration.first().and_then(Option::as_ref) },
        several => Figures::Several {
            systems: several
                .iter()
                .zip(calibration)
                .map(|(figures, calibration)| Calibrated {
                    named: Named { name: &figures.name, figures },
                    calibration: calibration.as_ref(),
                })
                .collect(),
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
