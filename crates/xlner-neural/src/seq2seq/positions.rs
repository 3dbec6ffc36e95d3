//! Positions as sine and cosine (Vaswani et al. 2017, section 3.5), in the two layouts that checkpoints have.

use super::config::Family;
use crate::nn::Embedding;

/// The vectors of the first `count` positions of a sentence.
pub(super) fn table(family: Family, count: usize, width: usize, padding: u32) -> Embedding {
    let half = width / 2;
    let mut table = Vec::with_capacity(count * width);
    for position in 0..count {
        match family {
            // Counted from after the padding token; frequencies from 1 to 1/10000, both included, in single precision.
            Family::M2m100 => {
                let position = (position + padding as usize + 1) as f32;
                let step = (10_000f64.ln() / (half as f64 - 1.0)) as f32;
                let angles: Vec<f32> = (0..half).map(|k| position * (k as f32 * -step).exp()).collect();
                table.extend(angles.iter().map(|angle| angle.sin()));
                table.extend(angles.iter().map(|angle| angle.cos()));
                table.extend(std::iter::repeat_n(0.0, width % 2));
            }
            // Of the interleaved table the even columns, then the odd ones.
            Family::Marian => {
                let angle = |k: usize| position as f64 / 10_000f64.powf(2.0 * k as f64 / width as f64);
                table.extend((0..width.div_ceil(2)).map(|k| angle(k).sin() as f32));
                table.extend((0..half).map(|k| angle(k).cos() as f32));
            }
        }
    }
    Embedding::new(table, width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts() {
        let m2m100 = table(Family::M2m100, 2, 4, 1);
        for (found, expected) in m2m100.row(1).iter().zip([3f32.sin(), 3e-4f32.sin(), 3f32.cos(), 3e-4f32.cos()]) {
            assert!((found - expected).abs() < 1e-6);
        }
        let marian = table(Family::Marian, 4, 4, 0);
        assert_eq!(marian.row(0), [0.0, 0.0, 1.0, 1.0]);
        for (found, expected) in marian.row(3).iter().zip([3f32.sin(), 0.03f32.sin(), 3f32.cos(), 0.03f32.cos()]) {
            assert!((found - expected).abs() < 1e-6);
        }
    }
}
