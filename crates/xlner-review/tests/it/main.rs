//! The review as a whole: the store, the server, out and back, and the page in a browser.

mod browser;
mod driver;
mod exchange;
mod looks;
mod report;
mod scans;
mod server;
mod store;
mod support;
