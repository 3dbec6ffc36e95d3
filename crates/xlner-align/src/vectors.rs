//! Vectors of words of two languages in one space, made elsewhere.

use rustc_hash::FxHashMap;

use crate::vocabulary::Vocabulary;

/// Vectors of the words of both sides, in one space: translations are near each other. Forms are lower-cased; of several
/// vectors of one form the first counts, which in files that are sorted by frequency is that of the most frequent spelling.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WordVectors {
    /// Components of a vector.
    width: usize,
    /// Unit vectors, one after another.
    values: Vec<f32>,
    /// By side: lower-cased form and place of its vector.
    places: [FxHashMap<Box<str>, usize>; 2],
}

impl WordVectors {
    /// No vectors yet; they will have that many components.
    pub fn new(width: usize) -> WordVectors {
        WordVectors { width, ..WordVectors::default() }
    }

    /// Adds the vector of a word to one side or both: source, target. A vector of zeros says nothing and is left out.
    ///
    /// # Errors
    /// What is wrong with the vector: the number of its components, or one that is not finite.
    pub fn push(&mut self, word: &str, sides: [bool; 2], vector: &[f32]) -> Result<(), String> {
        if vector.len() != self.width {
            return Err(format!("the vector has {} components, and those before it have {}", vector.len(), self.width));
        }
        if let Some(at) = vector.iter().position(|value| !value.is_finite()) {
            return Err(format!("component {} of the vector is not finite", at + 1));
        }
        let length = vector.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
        if length == 0.0 {
            return Ok(());
        }
        let lower = word.to_lowercase();
        let place = self.len();
        let mut new = false;
        for (places, wanted) in self.places.iter_mut().zip(sides) {
            if wanted && !places.contains_key(lower.as_str()) {
                places.insert(lower.as_str().into(), place);
                new = true;
            }
        }
        if new {
            self.values.extend(vector.iter().map(|&value| (f64::from(value) / length) as f32));
        }
        Ok(())
    }

    /// Number of different vectors.
    pub fn len(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Places of the vectors of the words of a vocabulary.
    pub(crate) fn rows(&self, target: bool, vocabulary: &Vocabulary) -> Vec<Option<usize>> {
        let places = &self.places[usize::from(target)];
        vocabulary.forms().map(|form| places.get(form).copied()).collect()
    }

    /// Cosine of two vectors.
    pub(crate) fn cosine(&self, a: usize, b: usize) -> f32 {
        let vector = |place: usize| &self.values[place * self.width..(place + 1) * self.width];
        vector(a).iter().zip(vector(b)).map(|(x, y)| x * y).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_vector_of_a_form_counts_and_is_scaled() {
        let mut vectors = WordVectors::new(2);
        vectors.push("House", [true, false], &[3.0, 4.0]).unwrap();
        vectors.push("house", [true, true], &[-1.0, 0.0]).unwrap();
        vectors.push("zero", [true, true], &[0.0, 0.0]).unwrap();
        assert!(vectors.push("short", [true, true], &[1.0]).unwrap_err().contains("1 components"));
        assert!(vectors.push("odd", [true, true], &[1.0, f32::NAN]).unwrap_err().contains("component 2"));
        let mut words = Vocabulary::default();
        words.intern("house");
        words.intern("zero");
        let (source, target) = (vectors.rows(false, &words), vectors.rows(true, &words));
        assert_eq!((vectors.len(), source.clone(), target.clone()), (2, vec![Some(0), None], vec![Some(1), None]));
        assert!((vectors.cosine(source[0].unwrap(), target[0].unwrap()) + 0.6).abs() < 1e-6);
    }
}
