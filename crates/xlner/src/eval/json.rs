//! The figures as JSON.

use serde::{Serialize, Serializer};
use xlner_eval::{AlignmentEvaluation, Calibration, Comparison, Evaluation, Report};

use super::EvalReport;
use crate::Result;

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

impl EvalReport {
    /// The figures as one JSON object; of several systems, a list of them and their comparisons.
    ///
    /// # Errors
    /// Never for figures that were calculated.
    pub fn json(&self) -> Result<String> {
        write(self)
    }
}

impl Serialize for EvalReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let EvalReport { figures: report, calibration, .. } = self;
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
        Entities { signature, sentences: *sentences, tokens: *tokens, figures }.serialize(serializer)
    }
}

/// The figures of named alignments as one JSON object; of several, a list of them.
///
/// # Errors
/// Never for figures that were calculated.
pub fn alignments_json(systems: &[(String, AlignmentEvaluation)]) -> Result<String> {
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
