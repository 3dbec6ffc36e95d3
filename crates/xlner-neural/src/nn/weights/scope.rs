//! The tensors of a part of a model.

use super::Tensors;
use crate::Result;

/// The tensors of a part of a model: those whose names begin with its name and a dot.
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    weights: &'a Tensors,
    prefix: String,
}

impl<'a> Scope<'a> {
    /// The whole model.
    pub(super) fn root(weights: &'a Tensors) -> Scope<'a> {
        Scope { weights, prefix: String::new() }
    }

    /// A part of this part: `at("encoder").at("layer.0")` or `at("encoder.layer.0")`; the part itself where `name` is empty.
    pub fn at(&self, name: impl std::fmt::Display) -> Scope<'a> {
        let name = self.name(&name.to_string());
        Scope { weights: self.weights, prefix: name }
    }

    fn name(&self, name: &str) -> String {
        match (self.prefix.as_str(), name) {
            ("", name) => name.to_owned(),
            (prefix, "") => prefix.to_owned(),
            (prefix, name) => format!("{prefix}.{name}"),
        }
    }

    /// Whether there is a tensor of that name in this part.
    pub fn contains(&self, name: &str) -> bool {
        self.weights.contains(&self.name(name))
    }

    /// The shape of a tensor, if there is one of that name.
    pub fn shape(&self, name: &str) -> Option<&'a [usize]> {
        self.weights.shape(&self.name(name))
    }

    /// The values of a tensor, as [`Tensors::tensor`].
    ///
    /// # Errors
    /// Those of [`Tensors::tensor`].
    pub fn tensor(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        self.weights.tensor(&self.name(name), shape)
    }
}
