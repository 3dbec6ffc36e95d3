//! Vectors by number.

/// A table of vectors.
#[derive(Debug, Clone)]
pub struct Embedding {
    table: Vec<f32>,
    width: usize,
}

impl Embedding {
    /// A table of rows of `width` values. Panics where they do not divide evenly.
    pub fn new(table: Vec<f32>, width: usize) -> Embedding {
        assert!(width > 0 && table.len().is_multiple_of(width), "{} values in rows of {width}", table.len());
        Embedding { table, width }
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.table.len() / self.width
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Values of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Row `index`. Panics when there is no such row.
    pub fn row(&self, index: usize) -> &[f32] {
        &self.table[index * self.width..][..self.width]
    }

    /// Adds a row of zeros.
    pub fn push_zeros(&mut self) {
        self.table.extend(std::iter::repeat_n(0.0, self.width));
    }

    /// All rows, row by row.
    pub fn table(&self) -> &[f32] {
        &self.table
    }
}
