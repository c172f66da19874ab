//! As much of a WebDriver client as the tests need: one session of a headless browser, over HTTP on the loopback.
//!
//! The driver and the browser are processes of their own, ended when the session is dropped.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// A browser that shows one page.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
}

/// The commands that may start a driver.
const DRIVERS: [&str; 2] = ["chromedriver", "/usr/lib/chromium/chromedriver"];

impl Browser {
    /// Starts a browser, or says why there is none.
    pub(crate) fn start() -> Result<Self, String> {
        let mut driver = DRIVERS
            .iter()
            .find_map(|name| {
                let mut command = Command::new(name);
                command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()
            })
            .ok_or("no chromedriver is installed")?;
        let output = BufReader::new(driver.stdout.take().unwrap());
        let mut lines = output.lines().map_while(Result::ok);
        let port = lines.find_map(|line| {
            line.split_once("successfully on port ")?.1.trim_end_matches('.').parse::<u16>().ok()
        });
        // The driver must not meet a closed pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let mut browser =
            Self { driver, port: port.ok_or("chromedriver did not start")?, session: String::new() };
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--force-prefers-reduced-motion",
            "--window-size=1400,1000",
        ];
        let wish = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments }, "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let started = browser.request("POST", "/session", &wish)?;
        browser.session = started["sessionId"].as_str().ok_or("no session")?.to_owned();
        Ok(browser)
    }

    /// Goes to an address, and waits until it is loaded.
    pub(crate) fn go(&self, address: &str) {
        self.post("/url", &json!({ "url": address }));
    }

    /// What a script returns.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// What an expression is.
    pub(crate) fn value(&self, expression: &str) -> Value {
        self.run(&format!("return {expression};"))
    }

    /// What an expression is, as text.
    pub(crate) fn text(&self, expression: &str) -> String {
        let value = self.value(expression);
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }

    /// Waits until an expression holds.
    pub(crate) fn wait(&self, expression: &str) {
        for _ in 0..200 {
            if self.value(expression) == true {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("`{expression}` does not come true");
    }

    /// Presses keys, one after another, wherever the focus is.
    pub(crate) fn press(&self, keys: &str) {
        let actions: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                ["keyDown", "keyUp"].map(|what| json!({ "type": what, "value": key.to_string() }))
            })
            .collect();
        let source = json!({ "type": "key", "id": "keys", "actions": actions });
        self.post("/actions", &json!({ "actions": [source] }));
    }

    /// Clicks on what a selector finds.
    pub(crate) fn click(&self, selector: &str) {
        let found = self.post("/element", &json!({ "using": "css selector", "value": selector }));
        let id = found.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned();
        self.post(&format!("/element/{id}/click"), &json!({}));
    }

    /// Sizes the window.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        self.post("/window/rect", &json!({ "width": width, "height": height }));
    }

    /// What the console was told so far: errors of scripts, and requests that the page's policy refused.
    pub(crate) fn complaints(&self) -> Vec<Value> {
        let log = self.post("/se/log", &json!({ "type": "browser" }));
        log.as_array().unwrap().iter().filter(|entry| entry["level"] == "SEVERE").cloned().collect()
    }

    /// Keeps a picture, where `ASSAY_PICTURES` names a folder.
    pub(crate) fn picture(&self, name: &str) {
        let Some(folder) = std::env::var_os("ASSAY_PICTURES") else { return };
        let path = format!("/session/{}/screenshot", self.session);
        let picture = self.request("GET", &path, &Value::Null).unwrap();
        let path = std::path::Path::new(&folder).join(format!("{name}.png"));
        std::fs::write(path, decoded(picture.as_str().unwrap())).unwrap();
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.request("POST", &format!("/session/{}{path}", self.session), body).unwrap()
    }

    fn request(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).map_err(|error| error.to_string())?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).map_err(|error| error.to_string())?;
        let body = answer(stream).map_err(|error| error.to_string())?;
        let value: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
        match value["value"].get("error") {
            Some(_) => Err(value["value"].to_string()),
            None => Ok(value["value"].clone()),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ended = self.request("DELETE", &format!("/session/{}", self.session), &Value::Null);
        let _killed = self.driver.kill();
        let _waited = self.driver.wait();
    }
}

/// The body of an answer. The driver keeps the connection open, so its length has to be believed.
fn answer(stream: TcpStream) -> std::io::Result<Vec<u8>> {
    stream.set_read_timeout(Some(std::time::Duration::from_secs(60)))?;
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        if let Some((name, value)) =
            line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        {
            length = value.trim().parse().unwrap_or_else(|_| panic!("{name} is no number"));
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(body)
}

/// The bytes of base64.
fn decoded(text: &str) -> Vec<u8> {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for value in text.bytes().filter_map(|byte| letters.iter().position(|&letter| letter == byte)) {
        (bits, count) = (bits << 6 | value as u32, count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}
