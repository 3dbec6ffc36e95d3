//! A fence round libraries that panic on bad files.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static FENCED: Cell<bool> = const { Cell::new(false) };
}

/// Runs work that may panic on what it is given; a panic of this thread becomes an error and is not printed. What the work had in its
/// hands is not to be used after a panic.
///
/// # Errors
/// The panic's message.
pub fn fence<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !FENCED.get() {
                before(panic);
            }
        }));
    });
    let outer = FENCED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    FENCED.set(outer);
    result.map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it is damaged".into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error() {
        assert_eq!(fence(|| 1), Ok(1));
        assert_eq!(fence(|| -> u8 { panic!("row {}", 3) }), Err("row 3".to_owned()));
        let nested = fence(|| (fence(|| -> u8 { panic!("inner") }), 2));
        assert_eq!(nested, Ok((Err("inner".to_owned()), 2)));
    }
}
