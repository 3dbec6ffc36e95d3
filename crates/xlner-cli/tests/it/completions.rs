//! `xlner completions` and `xlner man`.

use crate::common::{fails, folder, read, stdout};

#[test]
fn every_shell_completes_commands_and_flags() {
    let folder = folder(&[]);
    for shell in ["bash", "zsh", "fish"] {
        let script = stdout(&folder, &format!("completions {shell}"));
        for word in ["project", "self-train", "min-probability"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    fails(&folder, "completions cobol", 2, "invalid value 'cobol'");
}

#[test]
fn manual_pages() {
    let folder = folder(&[]);
    assert!(stdout(&folder, "man").contains(".TH xlner 1"));
    assert!(stdout(&folder, "man project").contains("\\-\\-source"));
    assert!(stdout(&folder, "man tune decision").contains(".TH xlner-tune-decision 1"));
    fails(&folder, "man nothing", 2, "“nothing” is no command");
    assert_eq!(stdout(&folder, "man --all pages/deep"), "");
    assert!(read(&folder, "pages/deep/xlner.1").contains("annotation projection"));
    assert!(read(&folder, "pages/deep/xlner-tune-decision.1").contains("\\-\\-pairs"));
}
