//! A fence round libraries that panic on damaged files.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static FENCED: Cell<bool> = const { Cell::new(false) };
}

/// Calls what may panic. A panic becomes an error, and is not printed; others are, as before.
pub(crate) fn fenced<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static SILENT: Once = Once::new();
    SILENT.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            if !FENCED.get() {
                usual(panic);
            }
        }));
    });
    let before = FENCED.replace(true);
    // What the work has changed is given up with it.
    let done = catch_unwind(AssertUnwindSafe(work));
    FENCED.set(before);
    done.map_err(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        format!("it breaks the library that reads it ({})", said.unwrap_or("it does not say why"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error() {
        assert_eq!(fenced(|| 7).unwrap(), 7);
        let empty: Vec<u8> = Vec::new();
        assert!(fenced(|| empty[std::hint::black_box(3)]).unwrap_err().contains("index out of bounds"));
        assert!(fenced(|| fenced(|| panic!("inner")).is_err()).unwrap() && !FENCED.get());
    }
}
