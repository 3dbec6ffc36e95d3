//! Entities counted for micro F1 where weights are learnt.

use xlner_core::Entity;

/// Entities found, and right.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    found: u64,
    gold: u64,
    right: u64,
}

impl Counts {
    /// Adds a sentence.
    pub fn add(&mut self, found: &[Entity], gold: &[Entity]) {
        let is_gold = |entity: &&Entity| gold.iter().any(|gold| gold.span == entity.span && gold.label == entity.label);
        self.found += found.len() as u64;
        self.gold += gold.len() as u64;
        self.right += found.iter().filter(is_gold).count() as u64;
    }

    /// Micro F1, 0 to 1; 0 where nothing is right.
    pub fn f1(&self) -> f64 {
        if self.right == 0 { 0.0 } else { 2.0 * self.right as f64 / (self.found + self.gold) as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_counted() {
        let entities = |list: &[(usize, usize, &str)]| -> Vec<Entity> {
            list.iter().map(|&(start, end, label)| Entity::new(start..end, label)).collect()
        };
        let mut counts = Counts::default();
        counts.add(&entities(&[(0, 1, "A"), (2, 3, "B")]), &entities(&[(0, 1, "A"), (2, 3, "A")]));
        assert!((counts.f1() - 0.5).abs() < 1e-12);
        assert_eq!(Counts::default().f1(), 0.0);
    }
}
