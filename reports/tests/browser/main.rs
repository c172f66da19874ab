//! The page in a real browser: filter, order, deep link, keyboard, dark mode, no request, hostile texts inert, many rows.
//!
//! Runs where chromium and its driver are installed (Debian: `chromium`, `chromium-driver`); elsewhere it says so and judges
//! nothing, unless `ASSAY_BROWSER=required`. `ASSAY_ROWS` sets the size of the large page, `ASSAY_PICTURES` a folder for pictures.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../made_up/mod.rs"]
mod made_up;

mod driver;

use std::path::Path;

use driver::Browser;

/// A browser, or None with a visible note.
fn browser() -> Option<Browser> {
    match Browser::start() {
        Ok(browser) => Some(browser),
        Err(why) if std::env::var_os("ASSAY_BROWSER").is_none_or(|wish| wish != "required") => {
            eprintln!("NOTICE: the page is not judged in a browser: {why}");
            None
        }
        Err(why) => panic!("{why}"),
    }
}

fn address(dir: &Path, hash: &str) -> String {
    format!("file://{}/report.html{hash}", dir.display())
}

const FOUND: &str = "document.getElementById('found').textContent";
const READY: &str = "/ tests/.test(document.getElementById('found').textContent)";
const CHOSEN: &str = "document.querySelector('.row[aria-selected=true] .place')?.textContent ?? ''";

#[test]
fn the_page_works() {
    let Some(browser) = browser() else { return };
    let dir = tempfile::tempdir().unwrap();
    made_up::write(dir.path(), 20_000);
    browser.go(&address(dir.path(), ""));
    browser.wait(READY);
    assert_eq!(browser.text(FOUND), "5,000 of 5,000 tests on 4 engines");
    browser.picture("wide");
    filters_and_orders(&browser);
    keys_move_through_the_list(&browser);
    links_lead_to_results(&browser, dir.path());
    light_and_dark(&browser);
    hostile_texts_are_inert(&browser);
    assert_eq!(browser.complaints(), Vec::<serde_json::Value>::new());
    assert_eq!(browser.text("performance.getEntriesByType('resource').length"), "0", "a request was made");
}

fn filters_and_orders(browser: &Browser) {
    browser.run("document.getElementById('q').focus()");
    browser.press("simd timeout");
    browser.wait(&format!("!{FOUND}.startsWith('5,000 of')"));
    assert_eq!(browser.text(FOUND), "0 of 5,000 tests on 4 engines", "no text or path has the word timeout");
    browser.run("document.getElementById('filters').reset()");
    browser.wait(&format!("{FOUND}.startsWith('5,000 of')"));
    browser.click("#f-status label:has(input[value=t])");
    browser.wait(&format!("{FOUND}.startsWith('5 of')"));
    assert!(browser.text("location.hash").contains("status=timeout"));
    browser.run("document.getElementById('filters').reset()");
    browser.wait(&format!("{FOUND}.startsWith('5,000 of')"));
    let order =
        "[...document.querySelectorAll('.row')].sort((a, b) => a.dataset.at - b.dataset.at)[0].innerText";
    browser.run(
        "let s = document.getElementById('f-sort'); s.value = 'status'; s.dispatchEvent(new Event('input', {bubbles: true}))",
    );
    browser.wait("location.hash.includes('sort=status')");
    assert!(browser.text(order).contains("crash"), "{}", browser.text(order));
    browser.run("document.getElementById('matrix-unclean').click()");
    let files = browser.text("document.getElementById('matrix-count').textContent");
    assert!(files.ends_with(" of 278 files") && !files.starts_with("278 "), "{files}");
}

fn keys_move_through_the_list(browser: &Browser) {
    browser.run("document.getElementById('filters').reset()");
    browser.wait(&format!("{FOUND}.startsWith('5,000 of')"));
    browser.run("document.getElementById('grid').focus()");
    // Arrow down twice, then to the next unexpected result, then to the end.
    browser.press("\u{e015}");
    let first = browser.text(CHOSEN);
    browser.press("\u{e015}");
    let second = browser.text(CHOSEN);
    assert!(!first.is_empty() && first != second, "{first} {second}");
    browser.press("n");
    assert_eq!(
        browser.text("document.querySelectorAll('#detail .mark.fail, #detail .mark.wrong, #detail .mark.crash, #detail .mark.timeout').length > 0"),
        "true"
    );
    browser.press("\u{e010}");
    browser.wait("document.querySelector('.row[aria-selected=true]')?.dataset.at === '4999'");
    let active = "document.getElementById(document.getElementById('grid').getAttribute('aria-activedescendant'))?.ariaSelected";
    assert_eq!(browser.text(active), "true");
    // Enter leads to the details and Escape back; a slash from anywhere to the search.
    browser.press("\u{e007}");
    assert_eq!(browser.text("document.activeElement.id"), "detail");
    browser.press("\u{e00c}");
    assert_eq!(browser.text("document.activeElement.id"), "grid");
    browser.press("/");
    assert_eq!(browser.text("document.activeElement.id"), "q");
}

fn links_lead_to_results(browser: &Browser, dir: &Path) {
    let hash = "#list?status=fail&sort=time&row=core/made_up_11.wast/3";
    browser.go("about:blank");
    browser.go(&address(dir, hash));
    browser.wait(READY);
    browser.picture("link");
    let detail = browser.text("document.getElementById('detail').innerText");
    assert!(detail.contains("core/made_up_11.wast:7:1") && detail.contains("directive 3"), "{detail}");
    assert!(detail.contains("(assert_return (invoke \"op_3\""), "{detail}");
    assert!(detail.contains("assay spec --engine jit --filter core/made_up_11.wast:7"), "{detail}");
    assert_eq!(browser.value("document.querySelector('#f-status input[value=f]').checked"), true);
    assert_eq!(browser.text("document.getElementById('f-sort').value"), "time");
    assert!(
        browser.value("document.getElementById('list').getBoundingClientRect().top").as_f64().unwrap()
            < 300.0
    );
    // From a cell of the matrix to what does not pass there.
    browser.run("document.querySelector('.matrix.files td.fail a').click()");
    assert!(browser.text("location.hash").contains("engine=jit"), "{}", browser.text("location.hash"));
    let shown = browser.text(FOUND);
    assert!(shown.starts_with("2 of"), "{shown}");
    browser.go(&address(dir, "#list?row=no/such.wast/1"));
    browser.wait("document.getElementById('detail').innerText.includes('There is no test')");
}

fn light_and_dark(browser: &Browser) {
    let ground = "getComputedStyle(document.body).backgroundColor";
    let light = browser.text(ground);
    browser.click("#theme-button");
    let dark = browser.text(ground);
    assert_ne!(light, dark);
    browser.picture("dark");
    browser.resize(420, 900);
    browser.run("document.getElementById('list').scrollIntoView({behavior: 'instant'})");
    browser.picture("narrow");
    let too_wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth";
    assert_eq!(browser.value(too_wide), false, "the page scrolls sideways on a narrow screen");
    browser.resize(1400, 1000);
    browser.click("#theme-button");
    assert_eq!(browser.text(ground), light);
}

fn hostile_texts_are_inert(browser: &Browser) {
    browser.run(
        "document.getElementById('q').value = 'onerror'; document.getElementById('filters').requestSubmit()",
    );
    browser.wait("!document.getElementById('found').textContent.startsWith('5,000')");
    browser.run("document.getElementById('grid').focus()");
    browser.press("\u{e015}");
    assert!(browser.text("document.getElementById('detail').innerText").contains("<img src=x onerror="));
    assert_eq!(browser.value("document.querySelectorAll('img, iframe, object, link').length"), 0);
    assert_eq!(browser.value("document.title.includes('pwned')"), false);
    let raw = "/[\\u202e\\u001b\\u0007]/.test(document.body.innerText)";
    assert_eq!(browser.value(raw), false, "a control character is shown raw");
}

#[test]
fn many_rows_open_at_once() {
    let Some(browser) = browser() else { return };
    let rows = std::env::var("ASSAY_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(400_000);
    let dir = tempfile::tempdir().unwrap();
    made_up::write(dir.path(), rows);
    let begun = std::time::Instant::now();
    browser.go(&address(dir.path(), ""));
    browser.wait(READY);
    browser.wait("document.querySelectorAll('.row').length > 10");
    let opened = begun.elapsed();
    browser.run(
        "let s = document.getElementById('f-sort'); s.value = 'time'; \
         s.dispatchEvent(new Event('input', {bubbles: true}))",
    );
    browser.wait("location.hash.includes('sort=time')");
    browser.run("document.getElementById('grid').focus()");
    browser.press("\u{e010}");
    let last = rows / 4 - 1;
    browser.wait(&format!("document.querySelector('.row[aria-selected=true]')?.dataset.at === '{last}'"));
    eprintln!("{rows} rows open in {opened:.2?}");
    assert!(opened.as_secs_f64() < 3.0, "{rows} rows took {opened:.2?}");
}
