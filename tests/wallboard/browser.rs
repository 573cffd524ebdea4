//! A headless Chromium, spoken to by its own DevTools protocol, and what a person does with a page.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::connect_async_with_config;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// A guard against hanging, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a page is asked whether something has come about.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What a browser answers to requests, by their numbers.
type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Value>>>>;

/// One browser with one page, ended with the test.
pub(crate) struct Browser {
    process: Child,
    _profile: TempDir,
    requests: mpsc::Sender<String>,
    waiting: Waiting,
    /// What the page has complained of: errors nobody caught, files that did not come.
    complaints: Arc<Mutex<Vec<String>>>,
    session: String,
    next: u64,
}

/// How large the page is, and in which colours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) theme: &'static str,
}

impl Look {
    pub(crate) const DESK: Self = Self { width: 1600, height: 1000, theme: "light" };
    pub(crate) const DARK: Self = Self { theme: "dark", ..Self::DESK };
    pub(crate) const PHONE: Self = Self { width: 390, height: 844, theme: "light" };
}

impl Browser {
    /// A page at an address.
    pub(crate) async fn open(address: &str, look: Look) -> Self {
        let mut browser = Self::start().await;
        let Look { width, height, theme } = look;
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        browser.ask("Emulation.setDeviceMetricsOverride", metrics).await;
        browser.theme(theme).await;
        browser.go_to(address).await;
        browser
    }

    async fn start() -> Self {
        let profile = tempfile::tempdir().expect("a temporary folder");
        let program = std::env::var("CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
        let mut process = Command::new(program)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-dev-shm-usage",
                "--remote-debugging-port=0",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a browser, which tests/wallboard/run looks for");
        let lines = BufReader::new(process.stderr.take().expect("a pipe")).lines();
        let (found, address) = oneshot::channel();
        std::thread::spawn(move || {
            let mut found = Some(found);
            // Whatever else it says must not fill the pipe.
            for line in lines.map_while(Result::ok) {
                let address = line.strip_prefix("DevTools listening on ");
                if let Some((address, found)) = address.and_then(|it| Some((it, found.take()?))) {
                    let _ = found.send(address.to_owned());
                }
            }
        });
        let address = tokio::time::timeout(PATIENCE, address).await;
        let address = address.expect("the browser starts").expect("it says where it is");
        let waiting = Waiting::default();
        let complaints = Arc::new(Mutex::new(Vec::new()));
        let requests = Self::connect(&address, &waiting, &complaints).await;
        let session = String::new();
        let mut browser =
            Self { process, _profile: profile, requests, waiting, complaints, session, next: 0 };
        let target = browser.ask("Target.createTarget", json!({"url": "about:blank"})).await;
        let target = &target["targetId"];
        let attach = json!({"targetId": target, "flatten": true});
        let attached = browser.ask("Target.attachToTarget", attach).await;
        browser.session = attached["sessionId"].as_str().expect("a session").to_owned();
        for domain in ["Page", "Runtime", "Network", "Log"] {
            browser.ask(&format!("{domain}.enable"), json!({})).await;
        }
        browser
    }

    async fn connect(
        address: &str,
        waiting: &Waiting,
        complaints: &Arc<Mutex<Vec<String>>>,
    ) -> mpsc::Sender<String> {
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let connected = connect_async_with_config(address, Some(config), false).await;
        let (mut up, mut down) = connected.expect("the browser listens").0.split();
        let (requests, mut queued) = mpsc::channel::<String>(64);
        tokio::spawn(async move {
            while let Some(text) = queued.recv().await {
                if up.send(Message::text(text)).await.is_err() {
                    return;
                }
            }
        });
        let (waiting, complaints) = (Arc::clone(waiting), Arc::clone(complaints));
        tokio::spawn(async move {
            while let Some(Ok(message)) = down.next().await {
                let Ok(text) = message.into_text() else { continue };
                let Ok(said) = serde_json::from_str::<Value>(&text) else { continue };
                if let Some(id) = said["id"].as_u64() {
                    let asker = waiting.lock().expect("no panic with it").remove(&id);
                    if let Some(asker) = asker {
                        let _ = asker.send(said);
                    }
                } else if let Some(complaint) = complaint(&said) {
                    complaints.lock().expect("no panic with it").push(complaint);
                }
            }
        });
        requests
    }

    /// Asks the browser for something of the DevTools protocol.
    pub(crate) async fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.next += 1;
        let (answer, answered) = oneshot::channel();
        self.waiting.lock().expect("no panic with it").insert(self.next, answer);
        let mut request = json!({"id": self.next, "method": method, "params": parameters});
        if !self.session.is_empty() {
            request["sessionId"] = json!(self.session);
        }
        self.requests.send(request.to_string()).await.expect("the browser lives");
        let answer = tokio::time::timeout(PATIENCE, answered).await;
        let mut answer = answer.expect("the browser answers").expect("the browser lives");
        assert!(answer.get("error").is_none(), "{method}: {}", answer["error"]);
        answer["result"].take()
    }

    pub(crate) async fn theme(&mut self, theme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": theme}]});
        self.ask("Emulation.setEmulatedMedia", features).await;
    }

    pub(crate) async fn go_to(&mut self, address: &str) {
        self.ask("Page.navigate", json!({"url": address})).await;
        self.until("document.readyState === 'complete' && Boolean(window.acdd)").await;
    }

    /// What a script in the page comes to; it may be a promise.
    pub(crate) async fn run(&mut self, script: &str) -> Value {
        let parameters = json!({"expression": script, "awaitPromise": true, "returnByValue": true});
        let mut answer = self.ask("Runtime.evaluate", parameters).await;
        assert!(
            answer.get("exceptionDetails").is_none(),
            "{script}: {}",
            answer["exceptionDetails"]
        );
        answer["result"]["value"].take()
    }

    /// Waits until a script comes to something that counts as true; returns that.
    pub(crate) async fn until(&mut self, script: &str) -> Value {
        let guarded =
            format!("(() => {{ try {{ return {script}; }} catch {{ return null; }} }})()");
        let began = std::time::Instant::now();
        loop {
            let value = self.run(&guarded).await;
            if !matches!(value, Value::Null | Value::Bool(false)) && value != json!("") {
                return value;
            }
            if began.elapsed() > PATIENCE {
                let page = self.run("document.body.innerText").await;
                panic!("never: {script}\n{page}\n{:?}", self.complaints());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Clicks in the middle of the first thing that the selector finds, as a mouse does.
    pub(crate) async fn click(&mut self, selector: &str) {
        let selector = json!(selector);
        let find = format!(
            "(() => {{ const it = document.querySelector({selector}); \
             if (!it || !it.checkVisibility()) return null; \
             it.scrollIntoView({{block: 'nearest'}}); \
             const box = it.getBoundingClientRect(); \
             return {{x: box.x + box.width / 2, y: box.y + box.height / 2}}; }})()"
        );
        let place = self.until(&find).await;
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({
                "type": kind, "x": place["x"], "y": place["y"], "button": "left", "clickCount": 1
            });
            self.ask("Input.dispatchMouseEvent", event).await;
        }
    }

    /// Types a text into whatever has the focus.
    pub(crate) async fn write(&mut self, text: &str) {
        self.ask("Input.insertText", json!({"text": text})).await;
    }

    /// Presses keys, by the names that browsers have for them.
    pub(crate) async fn press(&mut self, keys: &[&str]) {
        for key in keys {
            let text = match *key {
                "Enter" => Some("\r"),
                letter if letter.chars().count() == 1 => Some(letter),
                _ => None,
            };
            let code = match *key {
                "Enter" => 13,
                "Tab" | "Shift+Tab" => 9,
                "Escape" => 27,
                "End" => 35,
                "Home" => 36,
                "ArrowUp" => 38,
                "ArrowDown" => 40,
                _ => 0,
            };
            let shift = u8::from(key.starts_with("Shift+")) * 8;
            let name = key.trim_start_matches("Shift+");
            let mut event = json!({
                "type": "keyDown", "key": name, "windowsVirtualKeyCode": code, "modifiers": shift
            });
            if let Some(text) = text {
                event["text"] = json!(text);
            }
            self.ask("Input.dispatchKeyEvent", event.clone()).await;
            event["type"] = json!("keyUp");
            self.ask("Input.dispatchKeyEvent", event).await;
        }
    }

    /// What the page has complained of until now.
    pub(crate) fn complaints(&self) -> Vec<String> {
        self.complaints.lock().expect("no panic with it").clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a page says when something is wrong with it.
fn complaint(said: &Value) -> Option<String> {
    let parameters = &said["params"];
    match said["method"].as_str()? {
        "Runtime.exceptionThrown" => Some(parameters["exceptionDetails"].to_string()),
        "Runtime.consoleAPICalled" if parameters["type"] == "error" => {
            Some(parameters["args"].to_string())
        }
        // A connection that broke is what some tests are about, and a refusal is an answer.
        "Log.entryAdded" if parameters["entry"]["source"] == "security" => {
            Some(parameters["entry"]["text"].to_string())
        }
        _ => None,
    }
}
