//! The crate as its users see it.

mod apertium;
#[cfg(feature = "http")]
mod chat;
mod command;
mod crf;
#[cfg(feature = "http")]
mod datasets;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "http")]
mod hub;
mod lookup;
mod mutations;
#[cfg(feature = "http")]
mod requests;
#[cfg(feature = "http")]
mod server;
#[cfg(feature = "http")]
mod server_judge;
#[cfg(feature = "http")]
mod server_tagger;
#[cfg(feature = "http")]
mod translating;
