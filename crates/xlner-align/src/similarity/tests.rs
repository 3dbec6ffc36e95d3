use proptest::prelude::*;
use xlner_core::{Alignment, Error};

use super::distributions::{entmax_of, softmax_of};
use super::*;

fn pairs(alignment: &Alignment) -> Vec<(u32, u32)> {
    alignment.links().iter().map(|link| (link.source, link.target)).collect()
}

fn matrix<const N: usize>(rows: &[[f64; N]]) -> Similarity {
    Similarity::new(rows.as_flattened(), rows.len(), N).unwrap()
}

#[test]
fn argmax_is_mutual_and_takes_the_first_of_equals() {
    assert_eq!(pairs(&argmax(&matrix(&[[0.9, 0.8, 0.1], [0.7, 0.6, 0.2], [0.1, 0.3, 0.2]]))), [(0, 0)]);
    assert_eq!(pairs(&argmax(&matrix(&[[0.5, 0.5], [0.5, 0.5]]))), [(0, 0)]);
    assert_eq!(pairs(&argmax(&matrix(&[[0.1, 0.7, 0.7]]))), [(0, 1)]);
    assert_eq!(pairs(&argmax(&matrix(&[[-3.0], [-2.0], [-2.0]]))), [(1, 0)]);
}

/// Worked by hand. Round 1 links 0-0, 1-1, 2-2 and leaves source 3 and target 3. Round 2 counts what is linked on both sides
/// 0 times and their row and column 0.9 times, but for their common cell. Row 3 is (0.27, 0.09, 0.27, 0.2): target 0, the
/// first of equals, whose column is 0 elsewhere. Column 3 is (0.27, 0.27, 0.63, 0.2): source 2, whose row is 0 elsewhere.
#[test]
fn itermax_goes_on_with_what_is_left() {
    let similarity = matrix(&[[0.9, 0.1, 0.1, 0.3], [0.1, 0.9, 0.1, 0.3], [0.1, 0.1, 0.9, 0.7], [0.3, 0.1, 0.3, 0.2]]);
    assert_eq!(pairs(&argmax(&similarity)), [(0, 0), (1, 1), (2, 2)]);
    assert_eq!(pairs(&itermax(&similarity, 1, 0.9).unwrap()), [(0, 0), (1, 1), (2, 2)]);
    let two = itermax(&similarity, 2, 0.9).unwrap();
    assert_eq!(pairs(&two), [(0, 0), (1, 1), (2, 2), (2, 3), (3, 0)]);
    // Then all are linked: nothing more, however many rounds.
    assert_eq!(itermax(&similarity, 9, 0.9).unwrap(), two);
    // One or two tokens: one round.
    let small = matrix(&[[0.9, 0.8, 0.7], [0.1, 0.2, 0.3]]);
    assert_eq!(itermax(&small, 3, 0.9).unwrap(), argmax(&small));
    assert!(itermax(&similarity, 0, 0.9).is_err());
    assert!(itermax(&similarity, 2, f64::NAN).is_err());
}

#[test]
fn match_is_the_best_sum_not_the_best_cells() {
    // 0.9 + 0.1 < 0.8 + 0.7.
    assert_eq!(pairs(&max_weight_match(&matrix(&[[0.9, 0.8], [0.7, 0.1]]))), [(0, 1), (1, 0)]);
    assert_eq!(pairs(&max_weight_match(&matrix(&[[0.2], [0.9], [0.3]]))), [(1, 0)]);
    // Cardinality first: 0.1 + 0.1 although 0.9 alone weighs more; 0 is no edge.
    assert_eq!(pairs(&max_weight_match(&matrix(&[[0.9, 0.1], [0.1, 0.0]]))), [(0, 1), (1, 0)]);
    assert_eq!(pairs(&max_weight_match(&matrix(&[[0.9, 0.1], [0.0, 0.0]]))), [(0, 0)]);
}

/// Softmax of (ln 3, 0) is (¾, ¼). Both rows and columns of the matrix have these values.
#[test]
fn softmax_both_ways() {
    let three = 3f64.ln();
    let links = softmax(&matrix(&[[three, 0.0], [0.0, three]]), 0.3).unwrap();
    assert_eq!(pairs(&links), [(0, 0), (1, 1)]);
    assert!((links.links()[0].probability - 0.75).abs() < 1e-12);
    assert_eq!(softmax(&matrix(&[[three, 0.0], [0.0, three]]), 0.001).unwrap().len(), 4);
    // ¾ one way, ½ the other: harmonic mean 0.6.
    let links = softmax(&matrix(&[[three, 0.0], [three, 0.0]]), 0.4).unwrap();
    assert!(links.links().iter().all(|link| link.target == 0 && (link.probability - 0.6).abs() < 1e-12));
    assert!(softmax(&matrix(&[[1e300, -1e300]]), 0.001).is_ok_and(|links| pairs(&links) == [(0, 0)]));
    assert!(softmax(&matrix(&[[1.0]]), 1.0).is_err());
}

/// Sparsemax (α = 2) of (0.6, 0.2, −1): τ = (0.8 − 1)/2 = −0.1, so (0.7, 0.3, 0). 1.5-entmax of (1, 0, −4):
/// (½ − τ)² + (0 − τ)² = 1 and τ ≤ 0: τ = (1 − √7)/4.
#[test]
fn entmax_by_hand() {
    let close = |values: &[f64], expected: &[f64]| values.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12);
    let mut values = [0.6, 0.2, -1.0];
    entmax_of(&mut values, 2.0);
    assert!(close(&values, &[0.7, 0.3, 0.0]), "{values:?}");
    let tau = (1.0 - 7f64.sqrt()) / 4.0;
    let mut values = [1.0, 0.0, -4.0];
    entmax_of(&mut values, 1.5);
    assert!(close(&values, &[(0.5 - tau).powi(2), tau.powi(2), 0.0]), "{values:?}");
    let mut values = [5.0];
    entmax_of(&mut values, 1.5);
    assert_eq!(values, [1.0]);
    let similarity = matrix(&[[9.0, 1.0], [1.0, 9.0]]);
    assert_eq!(pairs(&entmax(&similarity, 1.5, 0.0).unwrap()), [(0, 0), (1, 1)]);
    assert_eq!(entmax(&similarity, 1.0, 0.1).unwrap(), softmax(&similarity, 0.1).unwrap());
    assert!(entmax(&similarity, 0.5, 0.0).is_err() && entmax(&similarity, f64::NAN, 0.0).is_err());
}

#[test]
fn distortion_by_hand() {
    let distorted = matrix(&[[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]).distort(0.5).unwrap();
    assert_eq!(distorted, matrix(&[[1.0, 0.875, 0.5], [0.5, 0.875, 1.0]]));
    assert_eq!(matrix(&[[1.0, 0.3]]).distort(0.5).unwrap(), matrix(&[[1.0, 0.3]]));
    assert!(matrix(&[[1.0]]).distort(1.5).is_err());
}

/// Row 0 is similar to one token alone (0); row 1 and the columns of 2 are uniform or nearly so.
#[test]
fn null_drops_links_of_tokens_similar_to_all() {
    let similarity = matrix(&[[1.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]]);
    let alignment = Alignment::from_pairs([(0, 0), (1, 1), (2, 0)]);
    let uncertainty = null::uncertainty(&similarity, &alignment).unwrap();
    // Column 1 is (0, ½, ½): ln 2 / ln 3. Column 0 is (½, ¼, ¼): 1.5 ln 2 / ln 3.
    let (two, three) = (2f64.ln(), 3f64.ln());
    for (value, expected) in uncertainty.iter().zip([0.0, two / three, 1.5 * two / three]) {
        assert!((value - expected).abs() < 1e-12, "{uncertainty:?}");
    }
    assert_eq!(pairs(&null::drop_uncertain(&similarity, &alignment, 0.7).unwrap()), [(0, 0), (1, 1)]);
    assert_eq!(null::drop_uncertain(&similarity, &alignment, 1.0).unwrap(), alignment);
    assert!(null::uncertainty(&similarity, &Alignment::from_pairs([(3, 0)])).is_err());
    assert!(null::uncertainty(&matrix(&[[-0.1]]), &Alignment::default()).is_err());
}

#[test]
fn words_take_the_most_probable_link_of_their_subwords() {
    let subwords = Alignment::new(vec![link(0, 0, 0.5), link(1, 1, 0.9), link(2, 1, 0.4)]);
    let words = lift(&subwords, &[0, 0, 1], &[0, 0]).unwrap();
    assert_eq!(words.links(), [link(0, 0, 0.9), link(1, 0, 0.4)]);
    assert!(matches!(lift(&subwords, &[0, 0], &[0, 0]), Err(Error::LinkOutOfRange { from: 2, .. })));
}

#[test]
fn hostile_matrices() {
    assert!(
        matches!(Similarity::new(&[1.0, f64::NAN], 1, 2), Err(Error::Invalid(message)) if message.contains("0 and 1"))
    );
    assert!(Similarity::new(&[f32::INFINITY], 1, 1).is_err());
    assert!(matches!(Similarity::new(&[1.0], 1, 2), Err(Error::Length { found: 1, expected: 2, .. })));
    assert!(Similarity::new(&[0.0f32; 0], usize::MAX, 2).is_err());
    for (source_len, target_len) in [(0, 0), (0, 3), (3, 0)] {
        let empty = Similarity::new(&[0.0f32; 0], source_len, target_len).unwrap();
        for extraction in Extraction::ALL {
            assert!(extraction.extract(&empty).unwrap().is_empty(), "{extraction}");
        }
        assert!(empty.distort(0.5).is_ok());
    }
    for extraction in Extraction::ALL {
        assert_eq!(extraction.as_str().parse::<Extraction>().unwrap(), extraction);
        assert_eq!(pairs(&extraction.extract(&matrix(&[[0.3]])).unwrap()), [(0, 0)], "{extraction}");
        // Equal values throughout: no panic, links inside, probabilities in range.
        let links = extraction.extract(&Similarity::new(&[0.5; 35], 5, 7).unwrap()).unwrap();
        links.validate(5, 7).unwrap();
        assert!(links.links().iter().all(|link| (0.0..=1.0).contains(&link.probability)), "{extraction}");
    }
    assert!("best".parse::<Extraction>().is_err());
}

/// Values from a small set, so that ties and zeros are common, or from a range.
fn any_matrix(max: usize) -> impl Strategy<Value = Similarity> {
    (1..=max, 1..=max).prop_flat_map(|(source_len, target_len)| {
        let value = prop_oneof![prop::sample::select(vec![0.0, 0.25, 0.5, 1.0]), -1.0..1.0f64];
        prop::collection::vec(value, source_len * target_len)
            .prop_map(move |values| Similarity::new(&values, source_len, target_len).unwrap())
    })
}

/// Largest (number of edges, sum) over all matchings of the rows from `row` on.
fn brute_force(similarity: &Similarity, row: usize, taken: &mut Vec<bool>) -> (usize, f64) {
    if row == similarity.source_len() {
        return (0, 0.0);
    }
    let mut best = brute_force(similarity, row + 1, taken);
    for column in 0..similarity.target_len() {
        if !taken[column] && similarity.get(row, column) != 0.0 {
            taken[column] = true;
            let (edges, sum) = brute_force(similarity, row + 1, taken);
            taken[column] = false;
            let found = (edges + 1, sum + similarity.get(row, column));
            if found > best {
                best = found;
            }
        }
    }
    best
}

proptest! {
    #[test]
    fn match_equals_brute_force(similarity in any_matrix(5)) {
        let links = max_weight_match(&similarity);
        let sum: f64 = links.links().iter().map(|l| similarity.get(l.source as usize, l.target as usize)).sum();
        let mut targets = pairs(&links);
        targets.sort_by_key(|pair| pair.1);
        targets.dedup_by_key(|pair| pair.1);
        prop_assert_eq!(targets.len(), links.len());
        let best = brute_force(&similarity, 0, &mut vec![false; similarity.target_len()]);
        prop_assert_eq!(links.len(), best.0);
        prop_assert!((sum - best.1).abs() < 1e-9, "{} {}", sum, best.1);
    }

    #[test]
    fn extractions_nest(similarity in any_matrix(9)) {
        let one = argmax(&similarity);
        let two = itermax(&similarity, 2, 0.9).unwrap();
        prop_assert!(pairs(&one).iter().all(|pair| pairs(&two).contains(pair)));
        for extraction in Extraction::ALL {
            let links = extraction.extract(&similarity).unwrap();
            prop_assert!(links.validate(similarity.source_len(), similarity.target_len()).is_ok());
            prop_assert!(links.links().iter().all(|link| link.probability > 0.0 && link.probability <= 1.0));
        }
    }

    #[test]
    fn distributions_sum_to_one(values in prop::collection::vec(-50.0..50.0f64, 1..40), alpha in 1.01..4.0f64) {
        let mut soft = values.clone();
        softmax_of(&mut soft);
        prop_assert!((soft.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let mut sparse = values.clone();
        entmax_of(&mut sparse, alpha);
        prop_assert!((sparse.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        // Order is kept, and the optimality condition of Peters et al. (2019) holds: (α−1)z − p^(α−1) is the same τ for all
        // values with p > 0 and at least (α−1)z for the others.
        let tau: Vec<f64> = values.iter().zip(&sparse).filter(|(_, p)| **p > 1e-9)
            .map(|(z, p)| (alpha - 1.0) * z - p.powf(alpha - 1.0)).collect();
        prop_assert!(tau.iter().all(|value| (value - tau[0]).abs() < 1e-6), "{:?}", tau);
        prop_assert!(values.iter().zip(&sparse).all(|(z, p)| *p > 0.0 || (alpha - 1.0) * z <= tau[0] + 1e-6));
    }
}
