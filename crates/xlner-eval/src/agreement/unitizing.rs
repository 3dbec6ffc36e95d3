//! Krippendorff's α for units on a continuum.

use std::collections::BTreeSet;

use xlner_core::{Entity, Span};

/// A section of the continuum as one annotator has it for one label: a unit, or the gap between units.
#[derive(Debug, Clone, Copy)]
struct Section {
    span: Span,
    is_unit: bool,
}

/// Krippendorff's unitizing α (2004, equations for `_uα` over all categories): 1 − Σ D_o / Σ D_e over labels, of sentences one
/// after the other, each with its number of tokens and the entities of every annotator.
///
/// For a label, with m annotators, a continuum of L tokens, sections of length l that are units (v = 1) or gaps (v = 0):
/// - D_o = Σ δ² over every section of an annotator and every section of every other, divided by m (m − 1) L². Two units
///   that overlap differ by the squares of the distances of their beginnings and of their ends; a unit that lies in a gap of the
///   other differs by l²; all else by 0.
/// - D_e = (2 / L) Σ_units [ (N − 1) / 3 · (2 l³ − 3 l² + l) + l² Σ_gaps≥l (l_gap − l + 1) ] / ( mL (mL − 1) − Σ_units l (l − 1) ),
///   N the number of units of all annotators, the gaps those of all of them.
///
/// 1 is full agreement, 0 what chance gives; `None` with less than two annotators, or without a unit.
pub fn unitizing_alpha(sentences: &[(usize, Vec<&[Entity]>)]) -> Option<f64> {
    let annotators = sentences.first()?.1.len();
    let length: usize = sentences.iter().map(|(tokens, _)| tokens).sum();
    if annotators < 2 || length == 0 {
        return None;
    }
    let labels: BTreeSet<&str> = sentences
        .iter()
        .flat_map(|(_, versions)| versions.iter().copied().flatten())
        .map(|e| e.label.as_str())
        .collect();
    let (mut observed, mut expected) = (0.0, 0.0);
    for label in labels {
        let sections: Vec<Vec<Section>> = (0..annotators).map(|of| sections(sentences, of, label, length)).collect();
        observed += observed_disagreement(&sections, length as f64);
        expected += expected_disagreement(&sections, length as f64);
    }
    (expected > 0.0).then(|| 1.0 - observed / expected)
}

/// The units of a label and the gaps between them, in order.
fn sections(sentences: &[(usize, Vec<&[Entity]>)], annotator: usize, label: &str, length: usize) -> Vec<Section> {
    let (mut sections, mut offset, mut last) = (Vec::new(), 0, 0);
    for (tokens, versions) in sentences {
        let mut units: Vec<Span> =
            versions[annotator].iter().filter(|entity| entity.label == label).map(|entity| entity.span).collect();
        units.sort_unstable();
        for unit in units {
            let span = Span::new(unit.start + offset, unit.end + offset);
            if span.start > last {
                sections.push(Section { span: Span::new(last, span.start), is_unit: false });
            }
            sections.push(Section { span, is_unit: true });
            last = span.end;
        }
        offset += tokens;
    }
    if last < length {
        sections.push(Section { span: Span::new(last, length), is_unit: false });
    }
    sections
}

fn observed_disagreement(sections: &[Vec<Section>], length: f64) -> f64 {
    let annotators = sections.len() as f64;
    let mut sum = 0.0;
    for (a, of_a) in sections.iter().enumerate() {
        for of_b in &sections[a + 1..] {
            sum += 2.0 * difference(of_a, of_b);
        }
    }
    sum / (annotators * (annotators - 1.0) * length * length)
}

/// Σ δ² over the sections of two annotators, both in order.
fn difference(a: &[Section], b: &[Section]) -> f64 {
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        sum += match (x.is_unit, y.is_unit) {
            (true, true) => {
                let square = |a: usize, b: usize| (a.abs_diff(b) as f64).powi(2);
                square(x.span.start, y.span.start) + square(x.span.end, y.span.end)
            }
            (true, false) if y.span.encloses(x.span) => (x.span.len() as f64).powi(2),
            (false, true) if x.span.encloses(y.span) => (y.span.len() as f64).powi(2),
            _ => 0.0,
        };
        let (end_x, end_y) = (x.span.end, y.span.end);
        i += usize::from(end_x <= end_y);
        j += usize::from(end_y <= end_x);
    }
    sum
}

fn expected_disagreement(sections: &[Vec<Section>], length: f64) -> f64 {
    let all = || sections.iter().flatten();
    let units: Vec<f64> = all().filter(|section| section.is_unit).map(|unit| unit.span.len() as f64).collect();
    let mut gaps: Vec<f64> = all().filter(|section| !section.is_unit).map(|gap| gap.span.len() as f64).collect();
    gaps.sort_unstable_by(f64::total_cmp);
    // Sums of the lengths from a gap on.
    let mut sums = vec![0.0; gaps.len() + 1];
    for at in (0..gaps.len()).rev() {
        sums[at] = sums[at + 1] + gaps[at];
    }
    let number = units.len() as f64;
    let mut sum = 0.0;
    for &l in &units {
        let from = gaps.partition_point(|&gap| gap < l);
        let places = sums[from] - (gaps.len() - from) as f64 * (l - 1.0);
        sum += (number - 1.0) / 3.0 * (2.0 * l.powi(3) - 3.0 * l.powi(2) + l) + l.powi(2) * places;
    }
    let whole = sections.len() as f64 * length;
    let pairs = whole * (whole - 1.0) - units.iter().map(|l| l * (l - 1.0)).sum::<f64>();
    if pairs > 0.0 { 2.0 / length * sum / pairs } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entities(list: &[(usize, usize)]) -> Vec<Entity> {
        list.iter().map(|&(start, end)| Entity::new(start..end, "X")).collect()
    }

    #[test]
    fn a_hand_calculation() {
        // L = 10; a: 2..4; b: 3..6. Overlapping units: δ² = 1 + 4 = 5, both ways, over 2 · 1 · 100.
        // The gaps are 2, 6 (a) and 3, 4 (b). Unit of 2: (1/3)(16 − 12 + 2) + 4 (1 + 5 + 2 + 3) = 46;
        // unit of 3: (1/3)(54 − 27 + 3) + 9 (4 + 1 + 2) = 73. D_e = .2 · 119 / (20 · 19 − 2 − 6).
        let (a, b) = (entities(&[(2, 4)]), entities(&[(3, 6)]));
        let alpha = unitizing_alpha(&[(10, vec![&a, &b])]).unwrap();
        let wanted = 1.0 - (10.0 / 200.0) / (0.2 * 119.0 / 372.0);
        assert!((alpha - wanted).abs() < 1e-12, "{alpha} is not {wanted}");
    }

    /// D_o by its definition: every section with every other.
    fn naive(a: &[Section], b: &[Section]) -> f64 {
        let mut sum = 0.0;
        for x in a {
            for y in b {
                let (l, k) = (x.span.len() as f64, y.span.len() as f64);
                if x.is_unit && y.is_unit && x.span.overlaps(y.span) {
                    let (start, end) =
                        (x.span.start as f64 - y.span.start as f64, x.span.end as f64 - y.span.end as f64);
                    sum += start * start + end * end;
                } else if x.is_unit && !y.is_unit && y.span.encloses(x.span) {
                    sum += l * l;
                } else if !x.is_unit && y.is_unit && x.span.encloses(y.span) {
                    sum += k * k;
                }
            }
        }
        sum
    }

    fn version() -> impl Strategy<Value = Vec<(usize, usize)>> {
        proptest::collection::btree_set(0_usize..=40, 0..10).prop_map(|cuts| {
            let cuts: Vec<usize> = cuts.into_iter().collect();
            cuts.windows(2).step_by(2).map(|pair| (pair[0], pair[1])).collect()
        })
    }

    proptest! {
        #[test]
        fn the_sweep_is_the_definition(a in version(), b in version()) {
            let (a, b) = (entities(&a), entities(&b));
            let sentences = [(40, vec![&a[..], &b[..]])];
            let [a, b] = [0, 1].map(|of| sections(&sentences, of, "X", 40));
            prop_assert!((difference(&a, &b) - naive(&a, &b)).abs() < 1e-9);
        }

        #[test]
        fn the_same_is_full_agreement_and_nothing_is_more(a in version(), b in version()) {
            let (a, b) = (entities(&a), entities(&b));
            if let Some(alpha) = unitizing_alpha(&[(40, vec![&a, &a])]) {
                prop_assert_eq!(alpha, 1.0);
            }
            if let Some(alpha) = unitizing_alpha(&[(40, vec![&a, &b])]) {
                prop_assert!(alpha <= 1.0);
            }
        }
    }
}
