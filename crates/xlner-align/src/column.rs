//! Lists of values that a model owns, or that lie in a file which is mapped into memory.

use std::ops::Deref;
use std::sync::Arc;

use bytemuck::Pod;
use memmap2::Mmap;

/// Values in memory. Those of a mapped file are shared by all processes that map it, and are read from the disk where
/// they are needed.
#[derive(Debug, Clone)]
pub(crate) enum Column<T> {
    Owned(Vec<T>),
    Mapped {
        file: Arc<Mmap>,
        /// First byte, a multiple of the alignment of the values.
        start: usize,
        /// Number of values, all inside the file.
        len: usize,
    },
}

impl<T> Default for Column<T> {
    fn default() -> Self {
        Column::Owned(Vec::new())
    }
}

impl<T> From<Vec<T>> for Column<T> {
    fn from(values: Vec<T>) -> Self {
        Column::Owned(values)
    }
}

impl<T: Pod> Deref for Column<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match self {
            Column::Owned(values) => values,
            Column::Mapped { file, start, len } => bytemuck::cast_slice(&file[*start..start + len * size_of::<T>()]),
        }
    }
}

impl<T: Pod> Column<T> {
    /// The values to be changed; those of a file are copied first.
    pub fn to_mut(&mut self) -> &mut Vec<T> {
        if let Column::Mapped { .. } = self {
            *self = Column::Owned(self.to_vec());
        }
        match self {
            Column::Owned(values) => values,
            Column::Mapped { .. } => unreachable!("they were copied"),
        }
    }
}
