//! The one way through a job: pairs are read ([`source`], from [`file`]s), worked on batch by batch ([`pump`], by [`step`]s), and written
//! ([`output`]). On the way [`sides`] are watched. What the stages of a long job make is kept ([`folder`]) under the [`key`] of all that it depends on.

pub(crate) mod file;
pub(crate) mod folder;
pub(crate) mod key;
pub(crate) mod output;
pub(crate) mod pump;
mod seal;
pub(crate) mod sides;
pub(crate) mod source;
pub(crate) mod step;
