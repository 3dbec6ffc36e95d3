//! A browser that is driven by chromedriver (WebDriver over HTTP).

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::call;

/// How long something may take to appear.
const PATIENCE: Duration = Duration::from_secs(30);

/// Keys by the names that WebDriver has for them.
pub const TAB: char = '\u{e004}';
pub const ENTER: char = '\u{e006}';
pub const SHIFT: char = '\u{e008}';
pub const BACKSPACE: char = '\u{e003}';
pub const LEFT: char = '\u{e012}';
pub const UP: char = '\u{e013}';
pub const RIGHT: char = '\u{e014}';
pub const DOWN: char = '\u{e015}';

/// One browser at a time: they are large, and times are told.
static ALONE: Mutex<()> = Mutex::new(());

/// A browser with an empty profile.
pub struct Browser {
    _alone: MutexGuard<'static, ()>,
    driver: Child,
    session: String,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts one; `None`, with a line that says so, where there is none on this machine.
    pub fn start() -> Option<Browser> {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let driver = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let Ok(mut driver) = driver else {
            println!("skipped: there is no chromedriver here (Debian: chromium, chromium-driver)");
            return None;
        };
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines
            .by_ref()
            .filter_map(|line| line.split_once("successfully on port ")?.1.trim_end_matches('.').parse::<u16>().ok())
            .next();
        let port = port.expect("chromedriver tells its port");
        // What it says later goes nowhere, and must not stop it.
        std::thread::spawn(move || lines.for_each(drop));
        let profile = tempfile::tempdir().unwrap();
        let mut arguments: Vec<String> = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
        ]
        .map(str::to_owned)
        .into();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": {"args": arguments}}}});
        let base = format!("http://127.0.0.1:{port}");
        let (status, body) = call("POST", &format!("{base}/session"), &[], Some(wanted.to_string().as_bytes()));
        assert_eq!(status, 200, "{body}");
        let session = format!("{base}/session/{}", body["value"]["sessionId"].as_str().unwrap());
        let browser = Browser { _alone: alone, driver, session, _profile: profile };
        browser.size(1280, 900);
        Some(browser)
    }

    fn command(&self, path: &str, body: &Value) -> Value {
        let (status, answer) =
            call("POST", &format!("{}/{path}", self.session), &[], Some(body.to_string().as_bytes()));
        assert_eq!(status, 200, "{path}: {answer}");
        answer["value"].clone()
    }

    pub fn open(&self, url: &str) {
        self.command("url", &json!({ "url": url }));
    }

    /// What a script returns.
    pub fn run(&self, script: &str) -> Value {
        self.command("execute/sync", &json!({"script": script, "args": []}))
    }

    /// What a script calls back with.
    pub fn run_async(&self, script: &str) -> Value {
        self.command("execute/async", &json!({"script": script, "args": []}))
    }

    /// Waits until a script returns something true.
    pub fn until(&self, script: &str) -> Value {
        let begin = Instant::now();
        loop {
            let value = self.run(script);
            if !matches!(value, Value::Null | Value::Bool(false)) {
                return value;
            }
            assert!(begin.elapsed() < PATIENCE, "never: {script}\n{}", self.run("return document.body.innerText"));
            std::thread::sleep(Duration::from_millis(25));
        }
    }

    /// Presses keys one after the other; Shift is held for the next one.
    pub fn keys(&self, keys: &str) {
        let mut actions = Vec::new();
        let act = |kind: &str, key: char| json!({"type": kind, "value": key.to_string()});
        let mut held = false;
        for key in keys.chars() {
            if key == SHIFT {
                actions.push(act("keyDown", SHIFT));
                held = true;
                continue;
            }
            actions.extend([act("keyDown", key), act("keyUp", key)]);
            if std::mem::take(&mut held) {
                actions.push(act("keyUp", SHIFT));
            }
        }
        self.command("actions", &json!({"actions": [{"type": "key", "id": "keyboard", "actions": actions}]}));
    }

    pub fn devtools(&self, name: &str, parameters: Value) -> Value {
        self.command("goog/cdp/execute", &json!({"cmd": name, "params": parameters}))
    }

    /// A key of another layout: what it writes, and where it is.
    pub fn key_at(&self, code: &str, text: &str) {
        for kind in ["keyDown", "keyUp"] {
            self.devtools("Input.dispatchKeyEvent", json!({"type": kind, "code": code, "key": text}));
        }
    }

    pub fn size(&self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", size);
    }

    pub fn dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({"features": [{"name": "prefers-color-scheme", "value": value}]}),
        );
    }

    /// Writes what is seen, in few colours, to a PNG.
    pub fn picture(&self, path: &Path) {
        let script = "const done = arguments[arguments.length - 1]; done(true)";
        self.run_async(script);
        let shot = self.devtools("Page.captureScreenshot", json!({"format": "png", "optimizeForSpeed": false}));
        let text = shot["data"].as_str().unwrap().to_owned();
        std::fs::write(path, base64(&text)).unwrap();
    }

    /// A picture for people to look at, of what is seen or of the whole page, where XLNER_PICTURES names a folder.
    pub fn look(&self, name: &str, whole: bool) {
        let Some(folder) = std::env::var_os("XLNER_PICTURES") else { return };
        let shot = self.devtools("Page.captureScreenshot", json!({"format": "png", "captureBeyondViewport": whole}));
        std::fs::write(Path::new(&folder).join(format!("{name}.png")), base64(shot["data"].as_str().unwrap())).unwrap();
    }

    /// Fails where axe finds a violation of WCAG A or AA.
    pub fn check(&self, axe: &str, what: &str) {
        self.run(axe);
        let script = "const done = arguments[arguments.length - 1];
            axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}).then((found) => done(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html + ' ' + n.failureSummary).join('; ')}`)))";
        assert_eq!(self.run_async(script), json!([]), "{what}");
    }

    /// Opens another tab and goes there; the tabs' names, the new one last.
    pub fn tab(&self, url: &str) -> (String, String) {
        let (_, first) = call("GET", &format!("{}/window", self.session), &[], None);
        let second = self.command("window/new", &json!({"type": "tab"}));
        let names = (first["value"].as_str().unwrap().to_owned(), second["handle"].as_str().unwrap().to_owned());
        self.switch(&names.1);
        self.open(url);
        names
    }

    pub fn switch(&self, tab: &str) {
        self.command("window", &json!({ "handle": tab }));
    }
}

/// The text of axe-core; `None`, with a line that says so, where XLNER_AXE does not name its file.
pub fn axe() -> Option<String> {
    let Some(path) = std::env::var_os("XLNER_AXE") else {
        println!("skipped: XLNER_AXE does not name axe.min.js (npm: axe-core)");
        return None;
    };
    Some(std::fs::read_to_string(path).unwrap())
}

impl Drop for Browser {
    fn drop(&mut self) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let _ = agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn base64(text: &str) -> Vec<u8> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => Some(u32::from(byte - b'A')),
        b'a'..=b'z' => Some(u32::from(byte - b'a') + 26),
        b'0'..=b'9' => Some(u32::from(byte - b'0') + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u32> = text.bytes().filter_map(value).collect();
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    for group in digits.chunks(4) {
        let whole = group.iter().fold(0, |whole, digit| whole << 6 | digit) << (6 * (4 - group.len()));
        bytes.extend_from_slice(&whole.to_be_bytes()[1..group.len()]);
    }
    bytes
}
